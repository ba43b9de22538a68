"""What may be done with the audit trail."""

from blog.app.auth.permissions import permission
from blog.app.translation import N_

AUDIT_READ = permission("audit.read", N_("See, check and export the audit trail"))
AUDIT_RETAIN = permission("audit.retain", N_("Decide how long the audit trail is kept"))
