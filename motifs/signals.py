"""What the catalogue announces. Who listens is not its business."""

from django.dispatch import Signal

# Sent with send_robust after commit, with photo_id: a photo is in the catalogue.
photo_added = Signal()
