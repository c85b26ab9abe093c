# Varnish as it is by itself, with a backend: @…@ are filled in by serve.sh.
# https://varnish-cache.org/docs/7.1/users-guide/vcl-built-in-subs.html
vcl 4.1;

backend default {
    .host = "@HOST@";
    .port = "@PORT@";
}

# Answered once the origin is up: Varnish itself is started after it.
sub vcl_recv {
    if (req.url == "/.corspec") {
        return (synth(200));
    }
}

sub vcl_synth {
    if (req.url == "/.corspec") {
        set resp.http.Content-Type = "application/json";
        set resp.body = """{"name":"@TARGET@","versions":{"varnish":"@VERSION@"}}""";
        return (deliver);
    }
}
