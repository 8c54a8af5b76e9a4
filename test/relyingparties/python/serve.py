"""Serves a WSGI application on localhost, on the port of SITE."""

import os
from socketserver import ThreadingMixIn
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


def serve(application):
    port = urlsplit(os.environ["SITE"]).port
    with make_server("127.0.0.1", port, application, server_class=Threaded, handler_class=Quiet) as server:
        server.serve_forever()
