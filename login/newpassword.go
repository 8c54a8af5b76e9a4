package login

import (
	"context"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// withFactor reports whether the person cannot sign in without a second factor,
// so that a shorter password will do (requirement PW2).
func (p *Pages) withFactor(user *storage.User) bool {
	return user.Credentials > 0 || p.policy.Requires(user, nil)
}

func (p *Pages) minPassword(user *storage.User) int {
	return p.cfg.PasswordPolicy.Least(p.withFactor(user))
}

// CheckPassword returns what is wrong with a new password of the person.
func (p *Pages) CheckPassword(ctx context.Context, user *storage.User, chosen string) []password.Problem {
	return p.cfg.PasswordPolicy.Judge(ctx, chosen, password.Context{
		WithFactor: p.withFactor(user), Words: []string{user.Email, user.Username, user.Profile.Name},
	})
}

// problemTexts are what pages say of passwords that are not taken.
var problemTexts = map[password.Problem]string{
	password.TooShort: "wrong.password_short", password.TooLong: "wrong.password_long", password.Common: "wrong.password_common",
	password.Simple: "wrong.password_common", password.Personal: "wrong.password_context",
	password.Control: "wrong.password_control",
}

func problemText(problem password.Problem) string { return problemTexts[problem] }

// fieldProblem is what is wrong with a field, by the key of a text.
type fieldProblem struct {
	field, key string
	args       []any
}

// checkSignUp says what is wrong with what was typed. None of it depends on who
// has an account.
func (p *Pages) checkSignUp(ctx context.Context, form ui.SignUp, chosen string) []fieldProblem {
	var problems []fieldProblem
	add := func(field, key string, args ...any) { problems = append(problems, fieldProblem{field, key, args}) }
	withoutAddress := form.Email == "" && p.cfg.SignUpEmail == "optional" && !form.Invited
	if !withoutAddress && !isAddress(form.Email) {
		add("email", "wrong.email")
	}
	switch {
	case form.Username == "" && (withoutAddress || p.cfg.SignUpUsername == "required"):
		add("username", "wrong.required")
	case form.Username != "" && (p.cfg.SignUpUsername == "off" || !isUsername(form.Username)):
		add("username", "wrong.username")
	}
	if utf8.RuneCountInString(form.Name) > ident.MaxName {
		add("name", "wrong.long")
	}
	user := &storage.User{Email: form.Email, Username: form.Username, Profile: storage.Profile{Name: form.Name}}
	for _, problem := range p.CheckPassword(ctx, user, chosen) {
		add("password", problemText(problem), "Count", p.minPassword(user))
	}
	return problems
}

// normalize spells names as they are kept; what is no name stays as it was typed.
func normalize(form *ui.SignUp) {
	if email, err := ident.Email(form.Email); err == nil {
		form.Email = email
	}
	if username, err := ident.Username(form.Username); err == nil {
		form.Username = username
	}
}

func isAddress(text string) bool {
	_, err := ident.Email(text)
	return err == nil
}

func isUsername(text string) bool {
	_, err := ident.Username(text)
	return err == nil
}
