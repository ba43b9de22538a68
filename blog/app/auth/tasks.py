"""The job edge of accounts: e-mails with links, and notices."""

from blog.app import jobs, mail
from blog.app.auth import links
from blog.app.config import Config
from blog.app.errors import Unavailable
from blog.app.translation import gettext as _


@jobs.task(links.SEND_LINK, retry=mail.RETRY)
def send_link(context: jobs.Context, link_id: int) -> None:
    links.execute_send_link(context.pool, _config(context), link_id)


@jobs.task(links.SEND_NOTICE, retry=mail.RETRY)
def send_notice(context: jobs.Context, user_id: int, email: str, template: str) -> None:
    links.execute_send_notice(context.pool, _config(context), user_id, email, template)


def _config(context: jobs.Context) -> Config:
    if context.config is None:
        raise Unavailable(_("Nothing says where e-mail goes."))
    return context.config
