"""A text as readers will see it, made from what is typed and not saved yet. Stores nothing."""

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Invalid
from blog.app.posts import markdown
from blog.app.posts import rules as sizes
from blog.app.posts import services as posts
from blog.app.text import clean
from blog.app.translation import gettext as _
from blog.app.workflow import trees

LABEL_LEVEL = 3  # a field's label on the desk is a heading of this level


def formatted(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    field_name: str,
    section_id: int | None,
    text: str,
) -> str:
    """Safe HTML: what the preview of the post would show for this field."""
    post = posts.get_post(conn, actor, post_id)
    field = trees.find_field(conn, actor, post.workflow_id, field_name)
    trees.check_scope(conn, post_id, field, section_id)
    if field.kind != "markdown":
        raise Invalid(
            _("%(field)s is no Markdown: readers see it as it is typed.", field=field.label), field=field.name
        )
    sizes.check_size(text)
    return markdown.html(clean(text), below=LABEL_LEVEL)
