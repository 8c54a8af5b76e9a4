package login

import (
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/storage"
)

// TestRE4_SignUpAsksForAttributes that are configured so, and sets no others.
func TestRE4_SignUpAsksForAttributes(t *testing.T) {
	schema, problems := attribute.Compile([]attribute.Spec{
		{Name: "badge", Pattern: "N-[0-9]+", EditableBy: attribute.Person, SignUp: true},
		{Name: "floor", Type: attribute.Number, EditableBy: attribute.Person},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.Attributes = schema }})
	b := s.browser()
	page := b.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["create"]}`)
	if strings.Contains(page.Body, "attribute_floor") || !strings.Contains(page.Body, `name="attribute_badge"`) {
		t.Errorf("the form is\n%s", page.Body)
	}
	page = b.Submit("signup-submit", "email=new@example.com", "password="+goodPassword, "attribute_badge=12")
	if page.Text("attribute_badge-error") == "" || page.Value("attribute_badge") != "12" {
		t.Errorf("the form does not show what is wrong:\n%s", page.Body)
	}
	b.Forge("signup-submit", "email=new@example.com", "password="+goodPassword, "attribute_badge=N-12", "attribute_floor=3").Want(t, 200, "verify-submit")
	mail := s.inbox()
	if len(mail) != 1 {
		t.Fatalf("messages are %+v", mail)
	}
	b.Submit("verify-submit", "code="+mail[0].Code)
	u, err := s.store.Users().ByIdentifier(t.Context(), "new@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if want := (storage.Attributes{"badge": "N-12"}); !reflect.DeepEqual(u.Attributes, want) {
		t.Errorf("attributes are %v, want %v", u.Attributes, want)
	}
}
