"""How gunicorn serves the pages: one process with many threads, since an open stream is a thread.

What differs between installations (address, threads) is passed on its command line instead.
"""

import signal

from blog.app.embedded.process import die_with_parent

wsgi_app = "blog.app.wsgi:app"
worker_class = "gthread"
workers = 1
timeout = 120
graceful_timeout = 2
keepalive = 15
loglevel = "warning"
control_socket_disable = True


def post_fork(_arbiter: object, _worker: object) -> None:
    """The serving process must not live on when its arbiter is killed: it would hold the port."""
    die_with_parent(signal.SIGKILL)
