package op

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Every error that a client is answered leads to a page about it, which is there.
func TestErrorURI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, uri := range map[string]string{
		"by the browser":   answerAt(t, s.get(authorizePath, authorization("prompt", "none")), testRedirect).Get("error_uri"),
		"at an endpoint":   stringIn(t, s.exchange(asWiki, "x"), "error_uri"),
		"of nobody":        stringIn(t, s.post(tokenPath, basicAuth("nobody", "x"), "grant_type", "x"), "error_uri"),
		"of a bad request": stringIn(t, s.post(tokenPath, asWiki), "error_uri"),
	} {
		path, ours := strings.CutPrefix(uri, testIssuer)
		if !ours || s.get(path, nil).Code != http.StatusOK {
			t.Errorf("%s: error_uri is %q", name, uri)
		}
	}
	for code, text := range errorTexts {
		w := s.get(errorPagePath+code, nil)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<h1>"+code+"</h1>") || text.means == "" || text.do == "" || text.spec == "" {
			t.Errorf("%s: %d %s", code, w.Code, w.Body)
		}
	}
	for _, path := range []string{"nothing", "", "invalid_grant/x", "%3Cscript%3E"} {
		if w := s.get(errorPagePath+path, nil); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "<script>") {
			t.Errorf("%q: %d", path, w.Code)
		}
	}
}

func stringIn(t testing.TB, a *answer, name string) string {
	t.Helper()
	text, _ := claimsOfBody(t, a)[name].(string)
	return text
}

// No code is answered that has no page: the constants of this package, and what login
// says in its outcomes.
func TestErrorURI_OfEveryCode(t *testing.T) {
	t.Parallel()
	codes := append(constantCodes(t, "."), "invalid_redirect_uri", "registration_not_supported", "login_required", "interaction_required", "consent_required", "account_selection_required", "unmet_authentication_requirements")
	if len(codes) < 25 {
		t.Fatalf("found only %q", codes)
	}
	for _, code := range codes {
		if _, has := errorTexts[code]; !has {
			t.Errorf("%s has no page", code)
		}
	}
}

// constantCodes are the values of the constants of a folder whose name begins with code.
func constantCodes(t testing.TB, folder string) (codes []string) {
	t.Helper()
	for _, name := range sourceFiles(t, folder) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.ValueSpec)
			if !is || len(spec.Names) != 1 || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "code") {
				return true
			}
			if literal, is := spec.Values[0].(*ast.BasicLit); is && literal.Kind == token.STRING {
				if code, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(code, "_") {
					codes = append(codes, code)
				}
			}
			return true
		})
	}
	return codes
}

func sourceFiles(t testing.TB, folder string) (names []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if !strings.HasSuffix(name, "_test.go") && filepath.Base(name) != "errorpage.go" {
			names = append(names, name)
		}
	}
	return names
}
