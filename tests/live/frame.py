"""What a test says of itself, for tests/live/run."""
import servers


def on(*kinds):
    """Runs behind these web servers only."""
    def mark(function):
        function.kinds = kinds
        return function
    return mark


def own(**settings):
    """Gets a Gatehouse of its own, with these settings ({section: {key: value}}): for tests that break it."""
    def mark(function):
        function.own, function.settings = True, settings
        return function
    return mark


def unbuffered(function):
    """Behind a web server that passes on at once what client and responder do: a slow client is a slow web server."""
    function.unbuffered = True
    return function


fastcgi = on(*servers.FASTCGI)
