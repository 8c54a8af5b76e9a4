package storage

import (
	"slices"
	"time"
)

// Prompt values (OpenID Connect Core 3.1.2.1).
const (
	PromptNone          = "none"
	PromptLogin         = "login"
	PromptConsent       = "consent"
	PromptSelectAccount = "select_account"
	// PromptCreate is of Initiating User Registration via OpenID Connect 1.0.
	PromptCreate = "create"
)

// ClaimRequest asks for one claim (OpenID Connect Core 5.5.1).
type ClaimRequest struct {
	Essential bool  `json:"essential,omitempty"`
	Value     any   `json:"value,omitempty"`
	Values    []any `json:"values,omitempty"`
}

// ClaimsRequest is the claims parameter (OpenID Connect Core 5.5). A nil
// *ClaimRequest is a claim asked for in the default manner.
type ClaimsRequest struct {
	UserInfo map[string]*ClaimRequest `json:"userinfo,omitempty"`
	IDToken  map[string]*ClaimRequest `json:"id_token,omitempty"`
}

// AuthorizationRequest is a request to /authorize that has been checked
// against its client: everything in it may be relied on.
type AuthorizationRequest struct {
	ClientID      string        `json:"client_id"`
	RedirectURI   string        `json:"redirect_uri"`
	ResponseType  string        `json:"response_type"`
	ResponseMode  string        `json:"response_mode"`
	Scopes        []string      `json:"scopes"`
	State         string        `json:"state,omitempty"`
	Nonce         string        `json:"nonce,omitempty"`
	CodeChallenge string        `json:"code_challenge,omitempty"` // S256 only
	Prompt        []string      `json:"prompt,omitempty"`
	MaxAge        *int64        `json:"max_age,omitempty"` // seconds
	LoginHint     string        `json:"login_hint,omitempty"`
	HintSubject   string        `json:"hint_subject,omitempty"`  // sub of a verified id_token_hint
	ACRValues     []string      `json:"acr_values,omitempty"`    // wanted, best first
	EssentialACR  []string      `json:"essential_acr,omitempty"` // one of these or failure
	UILocales     []string      `json:"ui_locales,omitempty"`
	Display       string        `json:"display,omitempty"`
	Claims        ClaimsRequest `json:"claims,omitzero"`
}

// HasPrompt reports whether the request names the prompt value.
func (r *AuthorizationRequest) HasPrompt(p string) bool { return slices.Contains(r.Prompt, p) }

// HasScope reports whether the request asks for the scope.
func (r *AuthorizationRequest) HasScope(s string) bool { return slices.Contains(r.Scopes, s) }

// Interaction is an authorization request that waits for a person. It lives
// in the ephemeral store under the keyed hash of its id, and belongs to the
// browser that started it: whoever only knows the id gets nothing.
type Interaction struct {
	// ID is in the address of each page of the flow; one per tab.
	ID      string               `json:"-"`
	Request AuthorizationRequest `json:"request"`
	// ReturnTo is the path of the account page that asked for a sign-in or for
	// fresh evidence; empty where a relying party did (then Request names it).
	ReturnTo string `json:"return_to,omitempty"`
	// BrowserHash is the keyed hash of the browser cookie's secret.
	BrowserHash string    `json:"browser_hash"`
	CreatedAt   time.Time `json:"created_at"`
	// AnsweredBy is whose answers the interaction holds: what one person allowed,
	// put off or was shown is nothing to another who signs in after them.
	AnsweredBy ID `json:"answered_by,omitempty"`
	// Consented holds the scopes that the person allowed on the consent page
	// of this interaction, at ConsentedAt.
	Consented   []string  `json:"consented,omitempty"`
	ConsentedAt time.Time `json:"consented_at,omitzero"`
	// Enrol asks for a factor of this kind to be added; empty asks for none.
	Enrol FactorKind `json:"enroll,omitempty"`
	// Verify asks for the person's e-mail address to be confirmed.
	Verify bool `json:"verify,omitempty"`
	// DeletionSeen says that the person knows that their account will be deleted.
	DeletionSeen bool `json:"deletion_seen,omitempty"`
	// EnrolSkipped says that the person put enrolment off, within its grace.
	EnrolSkipped bool `json:"enroll_skipped,omitempty"`
	// RecoveryCodes are new recovery codes, sealed, that the person has not yet
	// said to have kept.
	RecoveryCodes string `json:"recovery_codes,omitempty"`
	// SignUp is what the person asked for on the sign-up page, sealed, until the
	// address is confirmed.
	SignUp string `json:"sign_up,omitempty"`
	// VerificationSent says that the code that the verify step asks for was sent.
	VerificationSent bool `json:"verification_sent,omitempty"`
	// PasswordSet says that the person set a new password on the way, and has to
	// sign in with it.
	PasswordSet bool `json:"password_set,omitempty"`
	// Refused is the OAuth error that ends the interaction, with a Reason that is
	// safe to send: what it takes cannot be shown by whoever tried to sign in.
	Refused string `json:"refused,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Denied says that the person declined; the client gets access_denied.
	Denied bool `json:"denied,omitempty"`
}

// Outcome is what the sign-in flow says of an interaction: either nothing is
// missing and SignedIn is who is there, or Missing names the step to show.
type Outcome struct {
	SignedIn *SignedIn
	// Missing is the step that comes next; empty when nothing is missing.
	Missing string
	// Error is the OAuth error that a request with prompt=none gets for
	// Missing: login_required, consent_required and so on. Where Fatal is set,
	// every request gets it.
	Error string
	// Reason explains Error in words that are safe to send to the client.
	Reason string
	Fatal  bool
}

// AuthorizationCode is what a code stands for, under the code's keyed hash in
// the ephemeral store, for at most a minute and one exchange.
type AuthorizationCode struct {
	GrantID        ID                   `json:"grant_id"`
	UserID         ID                   `json:"user_id"`
	SID            ID                   `json:"sid"`
	Request        AuthorizationRequest `json:"request"`
	Authentication Authentication       `json:"authentication"`
	PasswordEpoch  int64                `json:"password_epoch"` // of the person, when it was issued
	IssuedAt       time.Time            `json:"issued_at"`
	ExpiresAt      time.Time            `json:"expires_at"`
}
