package op

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// benchmarkPost measures an endpoint without network or database.
func benchmarkPost(b *testing.B, n *node, path string, form url.Values, basic bool) {
	body := form.Encode()
	b.ReportAllocs()
	for b.Loop() {
		r := formRequest(http.MethodPost, path, body)
		if basic {
			r.SetBasicAuth("wiki", testSecret)
		}
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
}

func BenchmarkClientCredentials(b *testing.B) {
	benchmarkPost(b, newNode(b), tokenPath, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"robot"}, "client_secret": {testSecret},
	}, false)
}

// BenchmarkRefresh repeats one token within its grace, which costs what a
// rotation does but for the write.
func BenchmarkRefresh(b *testing.B) {
	n := newNode(b)
	benchmarkPost(b, n, tokenPath, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {n.signedIn().RefreshToken},
	}, true)
}

func BenchmarkIntrospection(b *testing.B) {
	n := newNode(b)
	benchmarkPost(b, n, introspectionPath, url.Values{"token": {n.signedIn().AccessToken}}, true)
}
