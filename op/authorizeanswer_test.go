package op

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/keys"
)

func TestAZ4_ErrorsGoBackByTheResponseMode(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	for responseType, separator := range map[string]string{
		"token": "#", "id_token": "#", "code id_token": "#", "code token": "#", "none": "?", "unheard-of": "?",
	} {
		w := s.get(authorizePath, authorization("response_type", responseType))
		answer := answerAt(t, w, testRedirect)
		want := "unsupported_response_type"
		if strings.Contains(responseType, "id_token") || responseType == "code token" {
			want = "unauthorized_client"
		}
		if answer.Get("error") != want || answer.Get("state") != "s-1" {
			t.Errorf("%s: answer is %v", responseType, answer)
		}
		if got := strings.TrimPrefix(w.Header().Get("Location"), testRedirect)[:1]; got != separator {
			t.Errorf("%s: the error is behind %q, want %q", responseType, got, separator)
		}
	}
	w := s.get(authorizePath, authorization("response_type", "token", "response_mode", "form_post"))
	fields := formFields(t, w, testRedirect)
	if fields["error"] != "unsupported_response_type" || fields["state"] != "s-1" || fields["iss"] != testIssuer || fields["error_description"] == "" {
		t.Errorf("posts %v", fields)
	}
}

// formFields reads the page of form_post.
func formFields(t *testing.T, w *httptest.ResponseRecorder, action string) map[string]string {
	t.Helper()
	body := w.Body.String()
	if w.Code != http.StatusOK || w.Header().Get("Location") != "" || !strings.Contains(body, `method="post" action="`+action+`"`) {
		t.Fatalf("no form for %s: %d %s", action, w.Code, body)
	}
	fields := map[string]string{}
	for _, m := range regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		fields[m[1]] = m[2]
	}
	return fields
}

func TestCS2_FormPostPage(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	w := s.get(authorizePath, authorization("response_mode", "form_post", "state", `"><script>alert(1)</script>`))
	fields := formFields(t, w, testRedirect)
	if len(fields["code"]) != keys.TokenLength || fields["iss"] != testIssuer {
		t.Errorf("posts %v", fields)
	}
	body, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	nonce := regexp.MustCompile(`'nonce-([^']{43})'`).FindStringSubmatch(policy)
	if nonce == nil || !strings.Contains(body, `<script nonce="`+nonce[1]+`">`) {
		t.Fatalf("policy %q does not fit %s", policy, body)
	}
	for _, want := range []string{"default-src 'none'", "form-action https://wiki.example.com;", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %s", policy, want)
		}
	}
	if strings.Contains(body, "<script>") || !strings.Contains(body, `<button type="submit"`) {
		t.Errorf("page is %s", body)
	}
	for header, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Content-Type": "text/html; charset=utf-8",
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s is %q", header, got)
		}
	}
	again := s.get(authorizePath, authorization("response_mode", "form_post"))
	if again.Header().Get("Content-Security-Policy") == policy {
		t.Error("the nonce is used twice")
	}
}

func TestFormActionSource(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"https://a.example.com/cb?x":   "https://a.example.com",
		"https://a.example.com:8443/":  "https://a.example.com:8443",
		"http://127.0.0.1:8080/cb":     "http://127.0.0.1:8080",
		"http://[::1]:8080/cb":         "http:",
		"https://a.example.com/%zz/cb": "'none'",
	} {
		if got := formActionSource(uri); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}

func TestAZ5_IssuerInEveryAnswer(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	for name, form := range map[string]url.Values{
		"success": authorization(),
		"error":   authorization("scope", "root"),
	} {
		if answer := answerAt(t, s.get(authorizePath, form), testRedirect); answer.Get("iss") != testIssuer {
			t.Errorf("%s: iss is %q", name, answer.Get("iss"))
		}
	}
}

func TestAuthorize_StateComesBackExactly(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	for _, state := range []string{
		strings.Repeat("x", maxParameterBytes), `"quoted" & <odd> + %20 #é` + "\n", "0", " ",
	} {
		if answer := answerAt(t, s.get(authorizePath, authorization("state", state)), testRedirect); answer.Get("state") != state {
			t.Errorf("state of %d bytes came back as %q", len(state), answer.Get("state"))
		}
	}
	if answer := answerAt(t, s.get(authorizePath, authorization("state", "")), testRedirect); answer.Has("state") {
		t.Error("a state that nobody sent")
	}
}

func TestAuthorize_KeepsTheQueryOfARedirectURI(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	answer := answerAt(t, s.get(authorizePath, authorization("redirect_uri", testRedirect+"?tenant=a")), testRedirect+"?tenant=a")
	if answer.Get("code") == "" {
		t.Errorf("answer is %v", answer)
	}
}

func TestAZ7_RedirectsAfterAPostAre303(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	s.cookies = []*http.Cookie{{Name: "__Host-latchkey-browser", Value: strings.Repeat("b", 43)}}
	w := s.postForm(authorizePath, authorization())
	answerAt(t, w, testRedirect)
	if w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("answer is %v %s", w.Header(), w.Body)
	}
}

// An application may say only inside its request object where it wants the answer.
// That is where it learns that we take no such objects (OpenID Connect Core 6.1).
func TestAZ4_ARequestObjectSaysWhereItsRefusalGoes(t *testing.T) {
	t.Parallel()
	object := func(claims string) string {
		return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
	}
	outside := func(object string, pairs ...string) url.Values {
		return authorization(append([]string{"request", object, "state", "", "nonce", "", "code_challenge", "", "code_challenge_method", ""}, pairs...)...)
	}
	s := signedInSite(t)
	for name, form := range map[string]url.Values{
		"both inside":         outside(object(`{"response_mode":"form_post","state":"inside"}`)),
		"outside wins":        outside(object(`{"response_mode":"query","state":"elsewhere"}`), "response_mode", "form_post", "state", "inside"),
		"redirect URI inside": outside(object(`{"response_mode":"form_post","state":"inside","redirect_uri":"`+testRedirect+`"}`), "redirect_uri", ""),
	} {
		fields := formFields(t, s.get(authorizePath, form), testRedirect)
		if fields["error"] != "request_not_supported" || fields["state"] != "inside" || fields["iss"] != testIssuer {
			t.Errorf("%s: posts %v", name, fields)
		}
	}
	for name, broken := range map[string]string{
		"no object": "x", "no JSON": "a." + base64.RawURLEncoding.EncodeToString([]byte("{")) + ".c", "no base64": "a.%%.c",
		"odd types": object(`{"response_mode":["form_post"],"state":7,"redirect_uri":{}}`), "a list": object(`[]`), "null": object("null"),
		"encrypted": "a.b.c.d.e",
	} {
		answer := answerAt(t, s.get(authorizePath, outside(broken)), testRedirect)
		if answer.Get("error") != "request_not_supported" || answer.Has("state") {
			t.Errorf("%s: %v", name, answer)
		}
	}
	// Nobody is sent where the client is not registered.
	evil := outside(object(`{"redirect_uri":"https://evil.example/","response_mode":"form_post"}`), "redirect_uri", "")
	wantPage(t, s.get(authorizePath, evil), http.StatusBadRequest, "return address")
}

// A pop-up of an application with web origins keeps its opener; nobody else's does.
func TestCS2_PopUpsOfBrowserClientsKeepTheirOpener(t *testing.T) {
	t.Parallel()
	const redirect = "https://spa.example.com/cb"
	for id, want := range map[string]string{"spa": "unsafe-none", "wiki": ""} {
		s := newSite(t)
		uri := map[string]string{"spa": redirect, "wiki": testRedirect}[id]
		form := authorization("client_id", id, "redirect_uri", uri)
		begun := s.get(authorizePath, form)
		id := strings.TrimPrefix(begun.Header().Get("Location"), "/login?interaction=")
		s.becomes(testUser)
		for name, w := range map[string]*httptest.ResponseRecorder{
			"begin": begun, "resume": s.resume(id), "at once": s.get(authorizePath, form),
			"error": s.get(authorizePath, authorization("client_id", "spa", "redirect_uri", uri, "scope", "x")),
		} {
			if name == "error" && uri != redirect {
				continue
			}
			if got := w.Header().Get("Cross-Origin-Opener-Policy"); got != want {
				t.Errorf("%s: policy is %q, want %q", name, got, want)
			}
		}
	}
}
