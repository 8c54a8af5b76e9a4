package op

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"syscall"
	"testing"
)

// measureCPU reports what an operation costs the process, whoever else is busy on
// the machine.
func measureCPU(b *testing.B) (done func()) {
	b.Helper()
	used := func() int64 {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return usage.Utime.Nano() + usage.Stime.Nano()
	}
	before := used()
	b.ReportAllocs()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// benchmarkPost measures an endpoint on the SQLite store, without a network.
func benchmarkPost(b *testing.B, n *node, path string, next func() url.Values, basic bool) {
	defer measureCPU(b)()
	for b.Loop() {
		r := formRequest(http.MethodPost, path, next().Encode())
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

func always(form url.Values) func() url.Values { return func() url.Values { return form } }

func BenchmarkClientCredentials(b *testing.B) {
	benchmarkPost(b, newNode(b), tokenPath, always(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"robot"}, "client_secret": {testSecret},
	}), false)
}

// BenchmarkRefresh repeats one token within its grace, which costs what a
// rotation does and one reading more.
func BenchmarkRefresh(b *testing.B) {
	n := newNode(b)
	benchmarkPost(b, n, tokenPath, always(url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {n.signedIn().RefreshToken},
	}), true)
}

func BenchmarkCodeExchange(b *testing.B) {
	n := newNode(b)
	benchmarkPost(b, n, tokenPath, func() url.Values {
		return url.Values{
			"grant_type": {"authorization_code"}, "code": {n.code("wiki")}, "redirect_uri": {testRedirect}, "code_verifier": {testVerifier},
		}
	}, true)
}

func BenchmarkIntrospection(b *testing.B) {
	n := newNode(b)
	benchmarkPost(b, n, introspectionPath, always(url.Values{"token": {n.signedIn().AccessToken}}), true)
}
