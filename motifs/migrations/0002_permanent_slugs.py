"""Slugs are permanent: addresses, photos and trained networks refer to them."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION motifs_slug_is_permanent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the slug of motif % is permanent', OLD.slug
        USING ERRCODE = 'check_violation', CONSTRAINT = 'motif_slug_is_permanent';
END
$$;
CREATE TRIGGER motif_slug_is_permanent BEFORE UPDATE OF slug ON motifs_motif
    FOR EACH ROW WHEN (OLD.slug IS DISTINCT FROM NEW.slug)
    EXECUTE FUNCTION motifs_slug_is_permanent();
"""

BACKWARDS = """
DROP TRIGGER motif_slug_is_permanent ON motifs_motif;
DROP FUNCTION motifs_slug_is_permanent();
"""


class Migration(migrations.Migration):
    dependencies = [("motifs", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
