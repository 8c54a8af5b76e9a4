package account_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// withAttributes is a site with a schema.
func withAttributes(t *testing.T) *site {
	schema, problems := attribute.Compile([]attribute.Spec{
		{Name: "nickel", EditableBy: attribute.Person, SignUp: true},
		{Name: "floor", Type: attribute.Number, EditableBy: attribute.Person},
		{Name: "department"},
		{Name: "risk", Type: attribute.Boolean, VisibleTo: attribute.Nobody},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return &site{logintest.New(t, logintest.Options{Accounts: func(c *account.Config) { c.Attributes = schema }})}
}

// TestRE4_WhoEditsWhichAttribute: mass assignment stops at the door, whoever knocks.
func TestRE4_WhoEditsWhichAttribute(t *testing.T) {
	s, ctx := withAttributes(t), t.Context()
	ada := s.Person("ada@example.com")
	other := s.Person("bob@example.com")
	person := s.person(ada, 0, storage.FactorPassword)
	for name, c := range map[string]struct {
		by   account.Actor
		set  map[string]any
		want error // nil, or what it must be
		ok   bool
	}{
		"a person, theirs":             {by: person, set: map[string]any{"nickel": "x", "floor": 3.0}, ok: true},
		"a person, the administrators": {by: person, set: map[string]any{"department": "it"}},
		"a person, nobody's":           {by: person, set: map[string]any{"risk": false}},
		"a person, unknown":            {by: person, set: map[string]any{"admin": true}},
		"a person, of another type":    {by: person, set: map[string]any{"floor": "3"}},
		"one wrong of two":             {by: person, set: map[string]any{"nickel": "y", "department": "it"}},
		"an operator":                  {by: account.Operator("root"), set: map[string]any{"department": "hr", "nickel": "x"}, ok: true},
		"an operator, nobody's":        {by: account.Operator("root"), set: map[string]any{"risk": true}},
		"another person":               {by: s.person(other, 0, storage.FactorPassword), set: map[string]any{"nickel": "z"}, want: account.ErrForbidden},
		"a client":                     {by: account.Client("wiki", account.Origin{}), set: map[string]any{"nickel": "z"}, want: account.ErrForbidden},
		"a visitor":                    {by: account.Visitor(account.Origin{}), set: map[string]any{"nickel": "z"}, want: account.ErrSignIn},
	} {
		before := s.user(ada.ID).Attributes
		err := s.Accounts.SetAttributes(ctx, c.by, ada.ID, c.set)
		var wrong *account.FieldError
		switch {
		case c.ok && err != nil:
			t.Errorf("%s = %v", name, err)
		case c.want != nil && !errors.Is(err, c.want):
			t.Errorf("%s = %v, want %v", name, err, c.want)
		case !c.ok && c.want == nil && (!errors.As(err, &wrong) || !account.IsAttributeField(wrong.Field)):
			t.Errorf("%s = %v, want an error of a field", name, err)
		}
		if after := s.user(ada.ID).Attributes; !c.ok && !reflect.DeepEqual(before, after) {
			t.Errorf("%s changed %v to %v", name, before, after)
		}
	}
	if got := s.user(ada.ID).Attributes; !reflect.DeepEqual(got, storage.Attributes{"nickel": "x", "floor": 3.0, "department": "hr"}) {
		t.Errorf("attributes are %v", got)
	}
}

// TestAttributesOfBeforeStay: what came by import, or under another schema, is not
// lost by an edit of something else.
func TestAttributesOfBeforeStay(t *testing.T) {
	s, ctx := withAttributes(t), t.Context()
	old := storage.Attributes{"shoe": 44.0, "risk": true, "nickel": "x"}
	ada := s.Person("ada@example.com", func(u *storage.User) { u.Attributes = old })
	by := s.person(ada, 0, storage.FactorPassword)
	logintest.Check(t, s.Accounts.SetAttributes(ctx, by, ada.ID, map[string]any{"nickel": nil, "floor": 2.0, "shoe": 44.0}))
	if got := s.user(ada.ID).Attributes; !reflect.DeepEqual(got, storage.Attributes{"shoe": 44.0, "risk": true, "floor": 2.0}) {
		t.Errorf("attributes are %v", got)
	}
	s.Clock.Advance(time.Minute)
	updated := s.user(ada.ID).UpdatedAt
	logintest.Check(t, s.Accounts.SetAttributes(ctx, by, ada.ID, map[string]any{"floor": 2.0}))
	if got := s.user(ada.ID).UpdatedAt; !got.Equal(updated) {
		t.Error("what changed nothing is a change")
	}
}

// TestRE4_SignUpSetsWhatItAsksFor and nothing else.
func TestRE4_SignUpSetsWhatItAsksFor(t *testing.T) {
	s := withAttributes(t)
	asked := func(set map[string]any) *account.SignUp {
		return &account.SignUp{Email: "new@example.com", Password: logintest.GoodPassword, Attributes: set}
	}
	for name, set := range map[string]map[string]any{
		"editable, not asked": {"floor": 3.0}, "the administrators": {"department": "hr"}, "unknown": {"admin": true},
	} {
		if problems := s.Accounts.CheckSignUp(asked(set)); len(problems) != 1 {
			t.Errorf("%s: %v", name, problems)
		}
	}
	f := asked(map[string]any{"nickel": " x  y "})
	if problems := s.Accounts.CheckSignUp(f); len(problems) > 0 || f.Attributes["nickel"] != "x y" {
		t.Errorf("what is asked for: %v, %v", problems, f.Attributes)
	}
}
