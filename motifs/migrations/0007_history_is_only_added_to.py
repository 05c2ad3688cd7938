"""History is evidence: no row of it is changed or deleted, whoever asks."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION motifs_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is only ever added to'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only';
END
$$;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON motifs_historyentry
    FOR EACH ROW EXECUTE FUNCTION motifs_history_is_append_only();
"""

BACKWARDS = """
DROP TRIGGER history_is_append_only ON motifs_historyentry;
DROP FUNCTION motifs_history_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("motifs", "0006_people_give_and_identify")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
