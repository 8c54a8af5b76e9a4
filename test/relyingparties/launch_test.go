package relyingparties

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// launcher makes the command that serves a site.
type launcher func(t *testing.T, e environment) *exec.Cmd

// environment is what a site is told.
type environment struct {
	Issuer, Site, ClientID, Port string
}

func (e environment) variables(t *testing.T) []string {
	return append(os.Environ(), "ISSUER="+e.Issuer, "SITE="+e.Site, "PORT="+e.Port, "CLIENT_ID="+e.ClientID, "CLIENT_SECRET="+secretOf(e.ClientID),
		"API="+api, "DATABASE="+filepath.Join(t.TempDir(), "site.sqlite3"), "PYTHONDONTWRITEBYTECODE=1")
}

func python(file string) launcher {
	return func(t *testing.T, _ environment) *exec.Cmd {
		t.Helper()
		command := exec.CommandContext(t.Context(), testenv.Python(t, "python"), file)
		command.Dir = "python"
		return command
	}
}

func node(file string) launcher {
	return func(t *testing.T, _ environment) *exec.Cmd {
		t.Helper()
		testenv.NodeModules(t, "node")
		command := exec.CommandContext(t.Context(), "node", file)
		command.Dir = "node"
		return command
	}
}

// spring builds the site once for all tests.
func spring(t *testing.T, _ environment) *exec.Cmd {
	t.Helper()
	jar := testenv.Maven(t, "spring", "site.jar")
	return exec.CommandContext(t.Context(), "java", "-XX:TieredStopAtLevel=1", "-jar", jar)
}

// golang is the program of docs/recipes/go.md as it stands, but for where things are and
// that there is no TLS here.
func golang(t *testing.T, _ environment) *exec.Cmd {
	t.Helper()
	_, program, _ := strings.Cut(recipe(t, "go"), "```go\n")
	program, _, _ = strings.Cut(program, "```")
	for _, change := range [][2]string{
		{`"https://id.example.com"`, `os.Getenv("ISSUER")`}, {`const site = "https://shop.example.com"`, `var site = os.Getenv("SITE")`},
		{`"shop"`, `os.Getenv("CLIENT_ID")`}, {`"OIDC_SECRET"`, `"CLIENT_SECRET"`}, {`os.Getenv("LISTEN")`, `"localhost:"+os.Getenv("PORT")`},
		{`Secure: true`, `Secure: false`},
	} {
		if !strings.Contains(program, change[0]) {
			t.Fatalf("the recipe lacks %s", change[0])
		}
		program = strings.ReplaceAll(program, change[0], change[1])
	}
	folder := t.TempDir()
	source, binary := filepath.Join(folder, "main.go"), filepath.Join(folder, "shop")
	write(t, source, program)
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, source)
	build.Dir = "../.." // where the libraries are known
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the recipe: %v\n%s", err, output)
	}
	return exec.CommandContext(t.Context(), binary)
}

// rails is docs/recipes/rails.md as it stands in a Rails application, but for where things
// are and that there is no TLS here.
func rails(t *testing.T, e environment) *exec.Cmd {
	t.Helper()
	folder, text := t.TempDir(), recipe(t, "rails")
	text = strings.NewReplacer(
		"https://id.example.com", e.Issuer, "https://shop.example.com", e.Site, `"shop"`, `ENV.fetch("CLIENT_ID")`, `"OIDC_SECRET"`, `"CLIENT_SECRET"`,
	).Replace(text)
	for _, part := range []struct{ file, language, around string }{
		{"config/initializers/omniauth.rb", "ruby", "%s"}, {"config/routes.rb", "ruby", "Rails.application.routes.draw do\n%s\nend\n"},
		{"app/controllers/sessions_controller.rb", "ruby", "%s"}, {"buttons.erb", "erb", "%s"},
	} {
		beginning := "```" + part.language + "\n"
		if part.language == "ruby" {
			beginning += "# " + part.file + "\n"
		}
		_, code, found := strings.Cut(text, beginning)
		if !found {
			t.Fatalf("the recipe has no %s", part.file)
		}
		code, _, _ = strings.Cut(code, "```")
		file := filepath.Join(folder, part.file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, file, fmt.Sprintf(part.around, code))
	}
	command := exec.CommandContext(t.Context(), testenv.Puma(t), "--environment", "production", "--threads", "1:2", "--bind", "tcp://127.0.0.1:"+e.Port, "config.ru")
	command.Dir = "rails"
	command.Env = append(e.variables(t), "RECIPE="+folder)
	return command
}

// application is what stands behind a proxy that signs people in: it shows what
// the proxy tells it of them.
func application(t *testing.T) *httptest.Server {
	t.Helper()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			fmt.Fprint(w, "nobody is signed in")
			return
		}
		first := func(names ...string) string {
			for _, name := range names {
				if value := r.Header.Get(name); value != "" {
					return html.EscapeString(value)
				}
			}
			return ""
		}
		fmt.Fprintf(w, "signed in: %s <%s>", first("OIDC_CLAIM_name"), first("OIDC_CLAIM_email", "X-Forwarded-Email", "X-Auth-Request-Email"))
	}))
	t.Cleanup(behind.Close)
	return behind
}

// apache is docs/recipes/apache-mod_auth_openidc.md before an application.
func apache(t *testing.T, e environment) *exec.Cmd {
	t.Helper()
	return apacheFor(t, e, "openid email profile", "valid-user")
}

// apacheForGroup is its part on groups.
func apacheForGroup(t *testing.T, e environment) *exec.Cmd {
	t.Helper()
	return apacheFor(t, e, "openid email profile groups", "claim groups:staff")
}

func apacheFor(t *testing.T, e environment, scope, require string) *exec.Cmd {
	t.Helper()
	folder := t.TempDir()
	modules := testenv.ApacheModules(t)
	file := filepath.Join(folder, "apache.conf")
	write(t, file, fmt.Sprintf(`
ServerRoot %[1]s
PidFile %[1]s/pid
Mutex file:%[1]s
ErrorLog /dev/stderr
LogLevel warn
ServerName localhost
Listen 127.0.0.1:%[2]s
LoadModule mpm_event_module %[3]s/mod_mpm_event.so
LoadModule authn_core_module %[3]s/mod_authn_core.so
LoadModule authz_core_module %[3]s/mod_authz_core.so
LoadModule authz_user_module %[3]s/mod_authz_user.so
LoadModule proxy_module %[3]s/mod_proxy.so
LoadModule proxy_http_module %[3]s/mod_proxy_http.so
LoadModule auth_openidc_module %[3]s/mod_auth_openidc.so
ProxyPass / %[4]s/

# The recipe.
OIDCProviderMetadataURL %[5]s/.well-known/openid-configuration
OIDCClientID            %[6]s
OIDCClientSecret        "%[7]s"
OIDCRedirectURI         %[8]s/oidc/callback
OIDCCryptoPassphrase    "a passphrase of this site alone"
OIDCScope               "%[9]s"
OIDCPKCEMethod          S256
OIDCRemoteUserClaim     sub
OIDCPassClaimsAs        headers
<Location /me>
  AuthType openid-connect
  Require %[10]s
</Location>
<Location /oidc>
  AuthType openid-connect
  Require valid-user
</Location>
`, folder, e.Port, modules, application(t).URL, e.Issuer, e.ClientID, secretOf(e.ClientID), e.Site, scope, require))
	return exec.CommandContext(t.Context(), testenv.Apache(t), "-X", "-f", file)
}

// oauth2Proxy is docs/recipes/oauth2-proxy.md before an application.
func oauth2Proxy(t *testing.T, e environment) *exec.Cmd {
	t.Helper()
	return oauth2ProxyWith(t, e, `scope = "openid profile email offline_access"`)
}

// oauth2ProxyForGroup is its part on groups.
func oauth2ProxyForGroup(t *testing.T, e environment) *exec.Cmd {
	t.Helper()
	return oauth2ProxyWith(t, e, `scope = "openid profile email offline_access groups"
oidc_groups_claim = "groups"
allowed_groups = ["staff"]`)
}

// oauth2ProxyBehind only answers whether a request may pass.
func oauth2ProxyBehind(t *testing.T, e environment) *exec.Cmd {
	t.Helper()
	return oauth2ProxyWith(t, e, `scope = "openid profile email offline_access groups"
oidc_groups_claim = "groups"
allowed_groups = ["staff"]
set_xauthrequest = true
reverse_proxy = true`, "static://202")
}

// nginx is the part on it of docs/recipes/reverse-proxies.md as it stands, but for
// addresses, before an application.
func nginx(t *testing.T, port, behind string) {
	t.Helper()
	testenv.StartNginx(t, "127.0.0.1:"+port, frontPart(t, "nginx", behind))
}

// caddy is that on Caddy.
func caddy(t *testing.T, port, behind string) {
	t.Helper()
	testenv.StartCaddy(t, "127.0.0.1:"+port, strings.Replace(frontPart(t, "Caddy", behind), "app.example.com", "http://localhost:"+port, 1))
}

// frontPart is what the recipe of reverse proxies says of one, before an application of
// the test.
func frontPart(t *testing.T, proxy, behind string) string {
	t.Helper()
	recipe, err := os.ReadFile("../../docs/recipes/reverse-proxies.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`\n` + proxy + `[^\n]*:\n\n((?:    [^\n]*\n)+)`).FindSubmatch(recipe)
	if block == nil {
		t.Fatalf("the recipe has no part on %s", proxy)
	}
	application := application(t).URL
	return strings.NewReplacer(
		"127.0.0.1:4180", "127.0.0.1:"+behind, "http://127.0.0.1:3000", application, "127.0.0.1:3000", strings.TrimPrefix(application, "http://"),
	).Replace(string(block[1]))
}

func oauth2ProxyWith(t *testing.T, e environment, scope string, upstream ...string) *exec.Cmd {
	t.Helper()
	if upstream == nil {
		upstream = []string{application(t).URL + "/"}
	}
	file := filepath.Join(t.TempDir(), "oauth2-proxy.cfg")
	write(t, file, fmt.Sprintf(`
http_address = "127.0.0.1:%s"
cookie_secure = false
skip_auth_routes = ["^/$"]
logging_filename = ""

# The recipe.
provider = "oidc"
oidc_issuer_url = %q
redirect_url = "%s/oauth2/callback"
client_id = %q
client_secret = %q
code_challenge_method = "S256"
%s
email_domains = ["example.com"]
cookie_secret = "0123456789abcdef0123456789abcdef"
cookie_refresh = "9m"
skip_provider_button = true
whitelist_domains = [%q]
upstreams = [%q]
`, e.Port, e.Issuer, e.Site, e.ClientID, secretOf(e.ClientID), scope, hostOf(t, e.Issuer), upstream[0]))
	return exec.CommandContext(t.Context(), testenv.GoTool(t, "github.com/oauth2-proxy/oauth2-proxy/v7", "v7.15.6"), "--config", file)
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
