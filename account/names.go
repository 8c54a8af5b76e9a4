package account

import (
	"errors"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// spellEmail is an email address as it is kept; a [FieldError] where it is none.
func spellEmail(typed string) (string, error) {
	email, err := ident.Email(typed)
	if err != nil {
		return "", refusedName("email", err)
	}
	return email, nil
}

// spellUsername is a username as it is kept; a [FieldError] where it cannot be one.
func spellUsername(typed string) (string, error) {
	username, err := ident.Username(typed)
	if err != nil {
		return "", refusedName("username", err)
	}
	return username, nil
}

// refusedName says why a name is not taken.
func refusedName(field string, err error) error {
	problem := Invalid
	var refused *ident.Error
	if errors.As(err, &refused) && refused.Text == "" {
		problem = Required
	}
	return &FieldError{Field: field, Problem: problem, Cause: err}
}

// spellNames are the names of an account as they are kept. It needs one of them.
func spellNames(email, username string) (string, string, error) {
	var err error
	if email != "" || username == "" {
		if email, err = spellEmail(email); err != nil {
			return "", "", err
		}
	}
	if username != "" {
		if username, err = spellUsername(username); err != nil {
			return "", "", err
		}
	}
	return email, username, nil
}
