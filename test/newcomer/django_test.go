package newcomer

import (
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// indented is the first indented block of a document after a text.
func indented(t *testing.T, text, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, after)
	block := regexp.MustCompile(`(?m)(^    .*\n|^\n)+`).FindString(rest)
	if !found || strings.TrimSpace(block) == "" {
		t.Fatalf("no block after %q", after)
	}
	return regexp.MustCompile(`(?m)^    `).ReplaceAllString(block, "")
}

// fenced is a block of a document in a language.
func fenced(t *testing.T, text, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "```"+language+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("no block of %s", language)
	}
	return block
}

// behindTLS is a proxy that ends TLS before a site on this machine.
func behindTLS(t *testing.T, site string) *httptest.Server {
	t.Helper()
	to := &url.URL{Scheme: "http", Host: site}
	front := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(front.Close)
	return front
}

// proxied is what Django's own documentation says of a site behind a proxy.
const proxied = `
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
`

// page is what the site itself brings: a page for who is signed in.
const page = `
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse


@login_required
def home(request):
    return HttpResponse(f"signed in: {request.user.get_full_name()} <{request.user.email}>")


urlpatterns += [path("", home)]
`

// djangoSite follows docs/recipes/django.md as it stands in a project that Django itself
// has made, but for addresses: it adds the client to the server's file and serves the site.
func djangoSite(t *testing.T, server, issuer string) *httptest.Server {
	t.Helper()
	listen := "127.0.0.1:" + strconv.Itoa(testenv.FreePort(t))
	front := behindTLS(t, listen)
	secret := filepath.Join(server, "shop-secret")
	recipe := strings.NewReplacer("https://id.example.com", issuer, "https://shop.example.com", front.URL, "file:/run/secrets/shop", "file:"+secret).
		Replace(document(t, "../../docs/recipes/django.md"))
	folder, python := t.TempDir(), testenv.Python(t, "../relyingparties/python")
	add := func(file, text string) {
		t.Helper()
		opened, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		if _, err := fmt.Fprint(opened, text); err != nil {
			t.Fatal(err)
		}
	}
	environment := append(os.Environ(), "REQUESTS_CA_BUNDLE="+filepath.Join(server, "certificate.pem"), "PYTHONDONTWRITEBYTECODE=1")
	command := func(name string, arguments ...string) *exec.Cmd {
		command := exec.CommandContext(t.Context(), name, arguments...)
		command.Dir, command.Env = folder, environment
		return command
	}
	run := func(name string, arguments ...string) string {
		t.Helper()
		output, err := command(name, arguments...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, arguments, err, output)
		}
		return string(output)
	}

	made := run("openssl", "rand", "-hex", "32")
	add(secret, made)
	add(filepath.Join(server, "latchkey.yaml"), indented(t, recipe, "except for the redirect URI:"))
	run(python, "-m", "django", "startproject", "shop", ".")
	add(filepath.Join(folder, "shop/settings.py"), indented(t, recipe, "`shop/settings.py`:")+proxied)
	add(filepath.Join(folder, "shop/urls.py"), indented(t, recipe, "`shop/urls.py`:")+page)
	add(filepath.Join(folder, "shop/auth.py"), fenced(t, recipe, "python"))
	environment = append(environment, "OIDC_SECRET="+strings.TrimSpace(made))
	run(python, "manage.py", "migrate")

	log := new(testenv.Log)
	serve := command(python, "manage.py", "runserver", "--noreload", listen)
	serve.Stdout, serve.Stderr = log, log
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Kill()
		_ = serve.Wait()
		if t.Failed() {
			t.Logf("Django says:\n%s", log)
		}
	})
	testenv.WaitForPort(t, listen, log)
	return front
}
