package login

import (
	"errors"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// Problem is what a form says of one of its fields: the key of a text and what
// stands in it.
type Problem = flash.Problem

// passwordTexts are what forms say of passwords that are not taken.
var passwordTexts = map[password.Problem]string{
	password.TooShort: "wrong.password_short", password.TooLong: "wrong.password_long", password.Common: "wrong.password_common",
	password.Simple: "wrong.password_common", password.Personal: "wrong.password_context",
	password.Control: "wrong.password_control",
}

// fieldTexts are what forms say of fields that are not what they should be.
var fieldTexts = map[string]string{
	"email": "wrong.email", "username": "wrong.username", "website": "wrong.url", "picture": "wrong.url", "profile": "wrong.url",
	"birthdate": "wrong.date", "locale": "wrong.locale", "zoneinfo": "wrong.zoneinfo",
}

// fieldText is the key of what a form says of a field.
func fieldText(e *account.FieldError) string {
	text, known := fieldTexts[e.Field]
	switch {
	case account.IsAttributeField(e.Field):
		return "wrong.attribute"
	case e.Field == "email" && e.Problem == account.Same:
		return "wrong.email_same"
	case e.Problem == account.TooLong && e.Field != "email":
		return "wrong.long"
	case e.Problem == account.Required && e.Field != "email", !known:
		return "wrong.required"
	}
	return text
}

// Problems are what a form says where the account service did not take what was
// typed; none where its error is about something else. passwordField is how the
// form calls a new password.
func Problems(err error, passwordField string) []Problem {
	var (
		field  *account.FieldError
		chosen *account.PasswordError
	)
	switch {
	case errors.As(err, &field):
		return []Problem{{Field: field.Field, Text: fieldText(field)}}
	case errors.As(err, &chosen):
		var problems []Problem
		for _, problem := range chosen.Problems {
			problems = append(problems, Problem{Field: passwordField, Text: passwordTexts[problem], Args: []any{locale.Count, chosen.Least}})
		}
		return problems
	case errors.Is(err, account.ErrTaken):
		return []Problem{{Field: "username", Text: "wrong.username_taken"}}
	}
	return nil
}
