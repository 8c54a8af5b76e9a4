package op

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// parseAuthorization runs a request through every check, with "good" for an ID
// token of ours and "admin" for a scope that only others have.
func parseAuthorization(form url.Values, clients ...client.Client) (*interaction.AuthorizationRequest, delivery, error) {
	registry := client.NewSnapshot(append([]client.Client{siteClient(), spaClient(), nativeClient()}, clients...))
	form, faulty, err := parseParameters(form.Encode(), authorizationParameters)
	if err != nil {
		return nil, delivery{}, err
	}
	c, err := registry.Client(context.Background(), form.Get("client_id"))
	if err != nil {
		return nil, delivery{}, err
	}
	to, err := recipient(form, c)
	if err != nil {
		return nil, to, err
	}
	check := authorizationCheck{
		params: form, faulty: faulty, client: c, prompts: (&Config{}).prompts(), claims: plainMaker,
		hintSubject: func(token string) (string, error) {
			if token != "good" {
				return "", errors.New("bad signature")
			}
			return "ada", nil
		},
		knownScopes: func(asked []string) ([]string, error) {
			return scopesOf("admin").knownScopes(context.Background(), c, asked)
		},
	}
	request, err := check.run(to)
	return request, to, err
}

// scopesOf is a provider where the scopes exist besides the standard ones.
func scopesOf(scopes ...string) *Provider {
	others := client.Client{ID: "others", Metadata: client.Metadata{Scopes: scopes}}
	return &Provider{cfg: Config{Clients: client.NewSnapshot([]client.Client{others}), Log: slog.New(slog.DiscardHandler)}}
}

func seconds(n int64) *int64 { return &n }

func TestAuthorizationRequest_IsRead(t *testing.T) {
	t.Parallel()
	base := func(change func(*interaction.AuthorizationRequest)) interaction.AuthorizationRequest {
		r := interaction.AuthorizationRequest{
			ClientID: "wiki", RedirectURI: testRedirect, ResponseType: "code", ResponseMode: "query",
			Scopes: []string{"openid", "profile"}, State: "s-1", Nonce: "n-1", CodeChallenge: challengeOf(testVerifier),
		}
		change(&r)
		return r
	}
	maxAge := client.Seconds(30 * time.Minute)
	careful := siteClient()
	careful.ID, careful.DefaultMaxAge, careful.DefaultACR, careful.Consent = "careful", &maxAge, []string{"aal1"}, client.ConsentRemember
	name := map[string]*storage.ClaimRequest{"name": nil}
	for _, tc := range []struct {
		name  string
		pairs []string
		want  func(*interaction.AuthorizationRequest)
	}{
		{"as it is", nil, func(*interaction.AuthorizationRequest) {}},
		{"without openid, state and nonce", []string{"scope", "profile", "state", "", "nonce", ""}, func(r *interaction.AuthorizationRequest) {
			r.Scopes, r.State, r.Nonce = []string{"profile"}, "", ""
		}},
		{"scopes in another order, twice", []string{"scope", " profile  openid profile"}, func(r *interaction.AuthorizationRequest) {
			r.Scopes = []string{"profile", "openid"}
		}},
		{"scopes that do not exist", []string{"scope", "openid groups profile mcp:tools"}, func(*interaction.AuthorizationRequest) {}},
		{"offline", []string{"scope", "openid offline_access"}, func(r *interaction.AuthorizationRequest) {
			r.Scopes = []string{"openid", "offline_access"}
		}},
		{"without PKCE where it is not required", []string{"code_challenge", "", "code_challenge_method", ""}, func(r *interaction.AuthorizationRequest) {
			r.CodeChallenge = ""
		}},
		{"form_post", []string{"response_mode", "form_post"}, func(r *interaction.AuthorizationRequest) { r.ResponseMode = "form_post" }},
		{"query", []string{"response_mode", "query"}, func(*interaction.AuthorizationRequest) {}},
		{"prompts", []string{"prompt", "login consent login"}, func(r *interaction.AuthorizationRequest) {
			r.Prompt = []string{"login", "consent"}
		}},
		{"none", []string{"prompt", "none"}, func(r *interaction.AuthorizationRequest) { r.Prompt = []string{"none"} }},
		{"max_age", []string{"max_age", "0"}, func(r *interaction.AuthorizationRequest) { r.MaxAge = seconds(0) }},
		{"endless max_age", []string{"max_age", "9223372036854775807"}, func(r *interaction.AuthorizationRequest) { r.MaxAge = seconds(1<<31 - 1) }},
		{"the client's defaults", []string{"client_id", "careful"}, func(r *interaction.AuthorizationRequest) {
			r.ClientID, r.MaxAge, r.ACRValues = "careful", seconds(1800), []string{"aal1"}
		}},
		{"its own over the client's defaults", []string{"client_id", "careful", "max_age", "5", "acr_values", "phr aal2"}, func(r *interaction.AuthorizationRequest) {
			r.ClientID, r.MaxAge, r.ACRValues = "careful", seconds(5), []string{"phr", "aal2"}
		}},
		{"presentation", []string{"display", "popup", "ui_locales", "fr-CA xx-not-a-locale-at-all fr en", "login_hint", "ada@example.com"}, func(r *interaction.AuthorizationRequest) {
			r.Display, r.UILocales, r.LoginHint = "popup", []string{"fr-CA", "fr", "en"}, "ada@example.com"
		}},
		{"unknown display and parameters", []string{"display", "hologram", "foo", "bar", "claims_locales", "se"}, func(*interaction.AuthorizationRequest) {}},
		{"a hint", []string{"id_token_hint", "good"}, func(r *interaction.AuthorizationRequest) { r.HintSubject = "ada" }},
		{"claims", []string{"scope", "openid", "claims", `{"userinfo":{"name":{"essential":true},"groups":null,"email":null},"id_token":{"name":null,"auth_time":{"essential":true}},"other":[1]}`}, func(r *interaction.AuthorizationRequest) {
			r.Scopes = []string{"openid"}
			r.Claims = storage.ClaimsRequest{UserInfo: map[string]*storage.ClaimRequest{"name": {Essential: true}, "email": nil}, IDToken: name}
			r.ClaimScopes = []string{"email", "profile"}
		}},
		{"claims that people are asked about", []string{"client_id", "careful", "scope", "openid profile", "max_age", "1", "acr_values", "a", "claims", `{"userinfo":{"name":null,"email":null}}`}, func(r *interaction.AuthorizationRequest) {
			r.ClientID, r.MaxAge, r.ACRValues, r.ClaimScopes = "careful", seconds(1), []string{"a"}, []string{"email"}
			r.Claims.UserInfo = map[string]*storage.ClaimRequest{"name": nil, "email": nil}
		}},
		{"essential acr", []string{"acr_values", "aal1", "claims", `{"id_token":{"acr":{"essential":true,"values":["aal2","phr"]}}}`}, func(r *interaction.AuthorizationRequest) {
			r.ACRValues, r.EssentialACR = []string{"aal1"}, []string{"aal2", "phr"}
		}},
		{"wanted acr", []string{"claims", `{"id_token":{"acr":{"value":"aal2"}}}`}, func(r *interaction.AuthorizationRequest) {
			r.ACRValues = []string{"aal2"}
		}},
		{"a subject as claim", []string{"id_token_hint", "good", "claims", `{"id_token":{"sub":{"value":"ada"}}}`}, func(r *interaction.AuthorizationRequest) {
			r.HintSubject = "ada"
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, _, err := parseAuthorization(authorization(tc.pairs...), careful)
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			want := base(tc.want)
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("request differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizationRequest_IsRefused(t *testing.T) {
	t.Parallel()
	formOnly := siteClient()
	formOnly.ID, formOnly.ResponseModes = "form-only", []string{"form_post"}
	noCode := siteClient()
	noCode.ID, noCode.ResponseTypes = "no-code", nil
	long := strings.Repeat("a", maxParameterBytes+1)
	for _, tc := range []struct {
		name  string
		pairs []string
		code  string
	}{
		{"DS1 a NUL, which no database takes", []string{"nonce", "n\x00"}, "invalid_request"},
		{"DS1 no text", []string{"nonce", "n\xff"}, "invalid_request"},
		{"AZ4 no response type", []string{"response_type", ""}, "invalid_request"},
		{"AZ4 implicit", []string{"response_type", "id_token"}, "unauthorized_client"},
		{"AZ4 hybrid", []string{"response_type", "code id_token"}, "unauthorized_client"},
		{"AZ4 none", []string{"response_type", "none"}, "unsupported_response_type"},
		{"AZ4 not the client's type", []string{"client_id", "no-code"}, "unauthorized_client"},
		{"AZ4 fragment", []string{"response_mode", "fragment"}, "invalid_request"},
		{"AZ4 jwt", []string{"response_mode", "jwt"}, "invalid_request"},
		{"AZ4 not the client's mode", []string{"client_id", "spa", "redirect_uri", "https://spa.example.com/cb", "response_mode", "form_post"}, "invalid_request"},
		{"AZ4 the default is not the client's mode", []string{"client_id", "form-only"}, "invalid_request"},
		{"AZ4 form_post to an application", []string{"client_id", "native", "redirect_uri", "com.example.app:/cb", "response_mode", "form_post"}, "invalid_request"},
		{"AZ2 a public client without PKCE", []string{"client_id", "spa", "redirect_uri", "https://spa.example.com/cb", "code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
		{"AZ2 a native client without PKCE", []string{"client_id", "native", "redirect_uri", "http://127.0.0.1:9/cb", "code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
		{"AZ2 plain", []string{"code_challenge_method", "plain"}, "invalid_request"},
		{"AZ2 plain by omission", []string{"code_challenge_method", ""}, "invalid_request"},
		{"AZ2 case of the method", []string{"code_challenge_method", "s256"}, "invalid_request"},
		{"AZ2 method without challenge", []string{"code_challenge", ""}, "invalid_request"},
		{"AZ2 short", []string{"code_challenge", challengeOf(testVerifier)[:42]}, "invalid_request"},
		{"AZ2 long", []string{"code_challenge", challengeOf(testVerifier) + "A"}, "invalid_request"},
		{"AZ2 padded", []string{"code_challenge", challengeOf(testVerifier) + "="}, "invalid_request"},
		{"AZ2 not base64url", []string{"code_challenge", strings.Repeat("+", 43)}, "invalid_request"},
		{"no scope", []string{"scope", ""}, "invalid_scope"},
		{"only scopes that do not exist", []string{"scope", "groups roles"}, "invalid_scope"},
		{"a scope of others", []string{"scope", "openid admin"}, "invalid_scope"},
		{"only offline_access, which it may not have", []string{"client_id", "spa", "redirect_uri", "https://spa.example.com/cb", "scope", "offline_access"}, "invalid_scope"},
		{"a scope with a quote", []string{"scope", `openid "`}, "invalid_scope"},
		{"DS1 many scopes", []string{"scope", strings.Repeat("openid ", 65)}, "invalid_scope"},
		{"DS1 a long state", []string{"state", long}, "invalid_request"},
		{"DS1 a long scope", []string{"scope", long}, "invalid_request"},
		{"DS1 many acr_values", []string{"acr_values", strings.Repeat("a ", 17)}, "invalid_request"},
		{"DS1 many claims", []string{"claims", manyClaims(65)}, "invalid_request"},
		{"request object", []string{"request", "e30.e30."}, "request_not_supported"},
		{"request_uri", []string{"request_uri", "https://evil.example/r"}, "request_uri_not_supported"},
		{"registration", []string{"registration", "{}"}, "registration_not_supported"},
		{"none and login", []string{"prompt", "none login"}, "invalid_request"},
		{"unknown prompt", []string{"prompt", "create"}, "invalid_request"},
		{"negative max_age", []string{"max_age", "-1"}, "invalid_request"},
		{"fractional max_age", []string{"max_age", "1.5"}, "invalid_request"},
		{"huge max_age", []string{"max_age", "99999999999999999999"}, "invalid_request"},
		{"a bad hint", []string{"id_token_hint", "bad"}, "invalid_request"},
		{"two people", []string{"id_token_hint", "good", "claims", `{"id_token":{"sub":{"value":"eve"}}}`}, "invalid_request"},
		{"claims no JSON", []string{"claims", "{"}, "invalid_request"},
		{"claims null", []string{"claims", "null"}, "invalid_request"},
		{"claims an array", []string{"claims", "[]"}, "invalid_request"},
		{"claims with more behind", []string{"claims", "{} {}"}, "invalid_request"},
		{"a claim that is a string", []string{"claims", `{"userinfo":{"name":"yes"}}`}, "invalid_request"},
		{"an essential that is a string", []string{"claims", `{"userinfo":{"name":{"essential":"true"}}}`}, "invalid_request"},
		{"values that are not a list", []string{"claims", `{"id_token":{"acr":{"values":"aal1"}}}`}, "invalid_request"},
		{"an acr that is a number", []string{"claims", `{"id_token":{"acr":{"value":1}}}`}, "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			request, to, err := parseAuthorization(authorization(tc.pairs...), formOnly, noCode)
			var refusal *Error
			if !errors.As(err, &refusal) {
				t.Fatalf("got %+v and %v, want a refusal to the client", request, err)
			}
			if refusal.Code != tc.code {
				t.Errorf("error is %v, want %s", refusal, tc.code)
			}
			if strings.ContainsAny(refusal.Description, `"\`) {
				t.Errorf("description %q is not of RFC 6749's characters", refusal.Description)
			}
			if to.RedirectURI == "" {
				t.Error("nobody to tell")
			}
		})
	}
}

func manyClaims(count int) string {
	var names []string
	for i := range count {
		names = append(names, `"`+strings.Repeat("c", i+1)+`":null`)
	}
	return `{"userinfo":{` + strings.Join(names, ",") + `}}`
}

func TestAZ1_RepeatedParameters(t *testing.T) {
	t.Parallel()
	for name := range authorization("prompt", "login", "response_mode", "query") {
		form := authorization("prompt", "login", "response_mode", "query")
		form.Add(name, form.Get(name))
		_, to, err := parseAuthorization(form)
		var refusal *Error
		toClient := errors.As(err, &refusal)
		if page := name == "client_id" || name == "redirect_uri"; page == toClient || err == nil {
			t.Errorf("%s twice: %v", name, err)
		}
		if toClient && refusal.Code != "invalid_request" {
			t.Errorf("%s twice: %v", name, refusal)
		}
		if name == "state" && to.State != "" {
			t.Errorf("one of two states is given back")
		}
	}
}

func TestOfflineAccessIsDroppedWhereItCannotBe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*client.Client){
		"no refresh tokens": func(c *client.Client) { c.GrantTypes = []string{client.GrantAuthorizationCode} },
		"not its scope":     func(c *client.Client) { c.Scopes = []string{"openid"} },
	} {
		offline := siteClient()
		offline.ID = "offline"
		change(&offline)
		got, _, err := parseAuthorization(authorization("client_id", "offline", "scope", "openid offline_access"), offline)
		if err != nil || got.HasScope(client.ScopeOfflineAccess) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzAuthorizationRequest(f *testing.F) {
	for _, form := range []url.Values{
		authorization(),
		authorization("claims", `{"id_token":{"acr":{"essential":true,"values":["aal2"]},"sub":{"value":"x"}}}`, "max_age", "10", "prompt", "none"),
		authorization("response_mode", "form_post", "id_token_hint", "good", "ui_locales", "de en"),
		authorization("client_id", "native", "redirect_uri", "http://127.0.0.1:1/cb"),
		{"client_id": {"wiki", "spa"}, "redirect_uri": {testRedirect}},
	} {
		f.Add(form.Encode())
	}
	f.Fuzz(func(t *testing.T, query string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		request, to, err := parseAuthorization(form)
		if to.RedirectURI == "" {
			if err == nil {
				t.Fatal("a request of nobody passes")
			}
			return
		}
		registry := client.NewSnapshot([]client.Client{siteClient(), spaClient(), nativeClient()})
		c, _ := registry.Client(t.Context(), form.Get("client_id"))
		if c == nil || len(form["redirect_uri"]) != 1 || !c.MatchesRedirect(to.RedirectURI) {
			t.Fatalf("would answer at %q", to.RedirectURI)
		}
		if err != nil {
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Code == "" {
				t.Fatalf("refusal without a code: %v", err)
			}
			return
		}
		checkReadRequest(t, c, request)
	})
}

// checkReadRequest checks what must hold of every request that passes.
func checkReadRequest(t *testing.T, c *client.Client, r *interaction.AuthorizationRequest) {
	if r.CodeChallenge == "" && c.IsPublic() || r.CodeChallenge != "" && len(r.CodeChallenge) != 43 {
		t.Errorf("challenge %q", r.CodeChallenge)
	}
	if len(r.Scopes) == 0 || len(r.Scopes) > maxScopes || len(r.ACRValues) > maxACRs || len(r.UILocales) > maxLocales {
		t.Errorf("lists of %+v", r)
	}
	for _, scope := range r.Scopes {
		if !c.AllowsScope(scope) {
			t.Errorf("scope %q", scope)
		}
	}
	if r.HasPrompt(interaction.PromptNone) && len(r.Prompt) > 1 || r.MaxAge != nil && *r.MaxAge < 0 || r.ResponseType != "code" {
		t.Errorf("request %+v", r)
	}
	for name := range r.Claims.UserInfo {
		if !c.AllowsScope(plainMaker.scopeOf(c, name)) || !slices.Contains(r.ConsentScopes(), plainMaker.scopeOf(c, name)) {
			t.Errorf("claim %q", name)
		}
	}
}

// What a developer has to change is in the answer: the name of the scope, the
// switch for PKCE on either side.
func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	for _, tc := range []struct {
		form url.Values
		want string
	}{
		{authorization("scope", "openid read"), "the client is not registered for the scope read: "},
		{authorization("client_id", "spa", "redirect_uri", "https://spa.example.com/cb", "code_challenge", "", "code_challenge_method", ""), "turn on PKCE (S256) in the application, and this client cannot work without it"},
		{authorization("client_id", "strict", "code_challenge", "", "code_challenge_method", ""), "or set require_pkce: false for this client"},
	} {
		w := s.get(authorizePath, tc.form)
		location, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		if got := location.Query().Get("error_description"); !strings.Contains(got, tc.want) {
			t.Errorf("described as %q, want %q", got, tc.want)
		}
		if !strings.Contains(s.log.String(), tc.want) {
			t.Errorf("the log lacks %q", tc.want)
		}
	}
	answerAt(t, s.get(authorizePath, authorization("scope", "openid groups")), testRedirect)
	if !strings.Contains(s.log.String(), `"scopes":"\"groups\""`) {
		t.Errorf("the log does not name the scope that was ignored: %s", s.log)
	}
}

// Under dev a developer's own window shows what to set; everything else gets the
// error as ever.
func TestErrorsAreExplainedUnderDev(t *testing.T) {
	t.Parallel()
	explain := func(c *Config) { c.Explain = true }
	form := authorization("client_id", "strict", "code_challenge", "", "code_challenge_method", "")
	get := func(s *site, form url.Values, dest string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, testIssuer+authorizePath+"?"+form.Encode(), nil)
		r.Header.Set("Sec-Fetch-Dest", dest)
		return s.send(r)
	}
	s := signedInSite(t, explain)
	wantPage(t, get(s, form, "document"), http.StatusBadRequest, "set require_pkce: false for the client strict")
	for name, w := range map[string]*httptest.ResponseRecorder{
		"a frame": get(s, form, "iframe"), "a program": get(s, form, ""), "in production": get(signedInSite(t), form, "document"),
	} {
		if answer := answerAt(t, w, testRedirect); answer.Get("error") != "invalid_request" {
			t.Errorf("%s gets %v", name, answer)
		}
	}
	if answer := answerAt(t, get(s, authorization("scope", "openid read"), "document"), testRedirect); answer.Get("error") != "invalid_scope" {
		t.Errorf("what no configuration mends is %v", answer)
	}
}
