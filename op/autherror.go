package op

// authorizationError is what a client is told of a request to /authorize that
// it made (RFC 6749 section 4.1.2.1). The cause is for the log alone.
type authorizationError struct {
	Code        string
	Description string
	Cause       error
}

// Error implements error with the text for the log.
func (e *authorizationError) Error() string {
	if e.Cause == nil {
		return e.Code + ": " + e.Description
	}
	return e.Code + ": " + e.Description + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *authorizationError) Unwrap() error { return e.Cause }

// The error codes of an authorization response (RFC 6749 section 4.1.2.1,
// OpenID Connect Core 3.1.2.6).
const (
	codeInvalidRequest          = "invalid_request"
	codeUnauthorizedClient      = "unauthorized_client"
	codeAccessDenied            = "access_denied"
	codeUnsupportedResponseType = "unsupported_response_type"
	codeInvalidScope            = "invalid_scope"
	codeServerError             = "server_error"
	codeTemporarilyUnavailable  = "temporarily_unavailable"
)

func invalidAuthorization(description string) error {
	return &authorizationError{Code: codeInvalidRequest, Description: description}
}
