package scim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// step is a request of a flow, spelled as the documents of its vendor spell it. {name} is
// the id of what a step before has kept by the name.
type step struct {
	what, method, path, body string
	status                   int
	// keep is the name by which the id of the answer is known from now on.
	keep string
	// has are values of the answer by their ways, as name.givenName; nil: there is none.
	has map[string]any
	// then looks at the account, or the group's, that the flow is about.
	then func(s *site, u *storage.User)
}

// flow goes step by step; person is the name by which the steps keep whom they are about.
func (s *site) flow(token, person string, steps []step) {
	s.T.Helper()
	ids := map[string]string{}
	for _, st := range steps {
		s.T.Run(st.what, func(t *testing.T) {
			defer func(before *testing.T) { s.T = before }(s.T)
			s.T = t
			var with []string
			for name, id := range ids {
				with = append(with, "{"+name+"}", id)
			}
			in := strings.NewReplacer(with...)
			path := strings.NewReplacer(" ", "%20", `"`, "%22").Replace(in.Replace(st.path))
			a := s.want(s.call(token, st.method, path, in.Replace(st.body)), st.status)
			if st.status != http.StatusNoContent && a.Header.Get("Content-Type") != "application/scim+json" {
				t.Errorf("Content-Type %q", a.Header.Get("Content-Type"))
			}
			if st.keep != "" {
				if ids[st.keep] = a.id(); a.id() == "" {
					t.Fatalf("no id: %s", a.Text)
				}
			}
			for way, want := range st.has {
				if text, is := want.(string); is {
					want = in.Replace(text)
				}
				if got := field(a.JSON, strings.Split(way, "/")...); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s is %v, want %v: %s", way, got, want, a.Text)
				}
			}
			if st.then != nil {
				st.then(s, s.account(ids[person]))
			}
		})
	}
}

// patched is a PatchOp with the operations.
func patched(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
}
