package settings

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/ui"
)

// TestAC1_TheLauncherShowsWhatThePersonMayUse: what their groups, their address and the
// client's rules allow, with what it takes to open it, and nothing else. An application
// that wants a stronger sign-in is there: it asks for it.
func TestAC1_TheLauncherShowsWhatThePersonMayUse(t *testing.T) {
	opens := func(id string, rules ...access.Rule) client.Client {
		return client.Client{ID: id, Metadata: client.Metadata{
			Name: "The " + id, ClientURI: "https://" + id + ".example.com", GrantTypes: []string{client.GrantAuthorizationCode}, Access: rules,
		}}
	}
	start := opens("start")
	start.InitiateLoginURI = "https://start.example.com/begin"
	start.Description = map[string]string{"en": "Begins by itself", "de": "Fängt selbst an"}
	unlisted := opens("unlisted")
	unlisted.Unlisted = true
	robot := client.Client{ID: "robot", Metadata: client.Metadata{ClientURI: "https://robot.example.com", GrantTypes: []string{client.GrantClientCredentials}}}
	elsewhere := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	s := newSite(t, options{clients: []client.Client{
		opens("everyone"), start, unlisted, robot,
		opens("members", access.Rule{Groups: []string{"staff"}}), opens("strong", access.Rule{ACR: "aal2"}),
		opens("others", access.Rule{Users: []string{"bob@example.com"}}), opens("inside", access.Rule{Networks: elsewhere}),
		opens("denied", access.Rule{Users: []string{"ada@example.com"}, Effect: access.Deny}, access.Rule{}),
	}})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	shown := func(want string) {
		t.Helper()
		page := b.Get(ui.PathApplications)
		page.Want(t, http.StatusOK, `id="launcher-heading"`)
		var got []string
		for _, c := range []string{"denied", "everyone", "inside", "members", "others", "robot", "start", "strong", "unlisted"} {
			if page.Has("application-open-" + c) {
				got = append(got, c)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("the launcher has %q, want %q", got, want)
		}
	}
	shown("everyone start strong")
	page := b.Get(ui.PathApplications)
	if !strings.Contains(page.Body, `href="https://start.example.com/begin?iss=https%3A%2F%2Fid.example.com"`) || !strings.Contains(page.Body, "Begins by itself") {
		t.Errorf("the one that begins by itself: %s", page.Body)
	}
	b.Get(ui.PathApplications+"?lang=de").Want(t, http.StatusOK, "Fängt selbst an")
	root := account.Operator("root")
	_, err := s.Accounts.CreateGroup(t.Context(), root, account.NewGroup{Name: "staff"})
	logintest.Check(t, err)
	logintest.Check(t, s.Accounts.AddToGroup(t.Context(), root, ada.ID, "staff"))
	shown("everyone members start strong")
}
