package registration

import (
	"errors"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// The error codes (RFC 7591 section 3.2.2).
const (
	CodeInvalidRedirectURI   = "invalid_redirect_uri"
	CodeInvalidMetadata      = "invalid_client_metadata"
	CodeInvalidStatement     = "invalid_software_statement"
	CodeUnapprovedStatement  = "unapproved_software_statement"
	purposeAccessToken       = "registration access token"
	purposeInitialToken      = "initial access token"
	secretBytes, clientBytes = 32, 16
)

// ErrToken says that a token is none, or not good for what was asked.
var ErrToken = errors.New("the token does not allow this")

// Error refuses a registration. Everything in it is told to the client.
type Error struct {
	Code        string
	Description string
	// Problems are by field, where that is known.
	Problems []client.Problem
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Description }

// invalidMetadata refuses metadata for its problems, by the code of the first.
func invalidMetadata(problems ...client.Problem) *Error {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.Message
		if p.Field != "" {
			texts[i] = p.Field + ": " + p.Message
		}
	}
	code := CodeInvalidMetadata
	if field, _, _ := strings.Cut(problems[0].Field, "["); field == "redirect_uris" {
		code = CodeInvalidRedirectURI
	}
	return &Error{Code: code, Description: strings.Join(texts, "; "), Problems: problems}
}
