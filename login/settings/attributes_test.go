package settings

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// TestRE4_ThePersonEditsWhatIsTheirs: what others say of them is told and not
// asked for, what nobody sees is neither, and no form sets either.
func TestRE4_ThePersonEditsWhatIsTheirs(t *testing.T) {
	schema, problems := attribute.Compile([]attribute.Spec{
		{Name: "badge", Labels: map[string]string{"en": "Badge"}, Pattern: "N-[0-9]+", EditableBy: attribute.Person},
		{Name: "staff", Type: attribute.Boolean, EditableBy: attribute.Person},
		{Name: "department", Labels: map[string]string{"en": "Your department"}},
		{Name: "risk", VisibleTo: attribute.Administrator},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := newSite(t, options{account: func(c *account.Config) { c.Attributes = schema }})
	ada := s.Person("ada@example.com", func(u *storage.User) {
		u.Attributes = storage.Attributes{"department": "People", "risk": "high-risk"}
	})
	b := s.signedIn("ada@example.com")
	page := b.Get(ui.PathProfile)
	for _, text := range []string{"Your department", "People", "Badge"} {
		page.Want(t, http.StatusOK, text)
	}
	if strings.Contains(page.Body, "high-risk") {
		t.Error("the page shows what is for administrators")
	}
	b.Forge("profile-submit", "attribute_badge=N-12", "attribute_staff=true", "attribute_department=law", "attribute_risk=none")
	want := storage.Attributes{"badge": "N-12", "staff": true, "department": "People", "risk": "high-risk"}
	if got := s.user(ada.ID).Attributes; !reflect.DeepEqual(got, want) {
		t.Errorf("attributes are %v, want %v", got, want)
	}
	b.Get(ui.PathProfile)
	page = b.Submit("profile-submit", "attribute_badge=12", "name=Countess")
	if page.Text("attribute_badge-error") == "" || page.Value("attribute_badge") != "12" {
		t.Errorf("the form does not show what is wrong:\n%s", page.Body)
	}
	if u := s.user(ada.ID); u.Profile.Name == "Countess" || !reflect.DeepEqual(u.Attributes, want) {
		t.Errorf("a form that is wrong changed %q, %v", u.Profile.Name, u.Attributes)
	}
	b.Get(ui.PathProfile)
	b.Submit("profile-submit", "attribute_badge=", "attribute_staff=")
	delete(want, "badge")
	delete(want, "staff")
	if got := s.user(ada.ID).Attributes; !reflect.DeepEqual(got, want) {
		t.Errorf("attributes are %v, want %v", got, want)
	}
	b.Get(ui.PathData)
	if page = b.Submit("export-submit"); !strings.Contains(page.Body, `"risk": "high-risk"`) {
		t.Errorf("the download lacks attributes:\n%s", page.Body)
	}
}
