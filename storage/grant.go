package storage

import "time"

// Grant is what a person allowed a client, and the family of tokens issued
// for it. Its row is the only record of its refresh tokens: a generation
// number and a salt, never a token.
type Grant struct {
	ID       ID
	ClientID string
	UserID   ID
	// Origin is what the grant came from; empty is OriginCode.
	Origin GrantOrigin
	// SID is the session that the grant rests on; empty where it rests on none.
	SID ID
	// CodeHash is the keyed hash of the authorization code or device code that the grant was
	// issued for; it is unique, so a code that a failed-over cache brings back
	// still cannot be exchanged twice. Empty where there was no code.
	CodeHash string
	// CodeChallenge and RedirectURI let a replay of the code be judged: only
	// one that would otherwise be valid revokes the grant.
	CodeChallenge string
	RedirectURI   string
	Scopes        []string
	// Resource are the resource indicators that its tokens are for (RFC 8707).
	Resource []string
	// Confirmation is the cnf claim that its tokens are bound by (RFC 7800), as JSON;
	// empty: they are bearer tokens.
	Confirmation   string
	Nonce          string
	Claims         ClaimsRequest
	Authentication Authentication
	// Address is where the person's browser was when they allowed the client; rules of
	// access that name networks go by it. Empty: not known, which is in no network.
	Address string
	// Offline says that offline_access was granted: the grant outlives its session.
	Offline bool
	// Refreshable says that the grant has refresh tokens.
	Refreshable bool
	// Generation is the number of the live refresh token, from 1.
	Generation uint32
	// Salt is 16 random bytes that every refresh token of the grant is bound to.
	Salt []byte
	// RotatedAt is when Generation became live. It and the times below are of the
	// database's clock, which all nodes share; see [GrantUser.Now].
	RotatedAt     time.Time
	CreatedAt     time.Time
	IdleExpiresAt time.Time
	ExpiresAt     time.Time
	RevokedAt     time.Time // zero: live
	RevokedReason string
}

// GrantOrigin says what a grant came from.
type GrantOrigin string

// The origins of grants.
const (
	// OriginCode is a code that was exchanged (RFC 6749 section 4.1): the origin of a
	// grant that names none.
	OriginCode GrantOrigin = "authorization_code"
	// OriginImplicit is an answer of the authorization endpoint with tokens in it (OpenID
	// Connect Core 3.2, 3.3): the grant has no refresh tokens.
	OriginImplicit GrantOrigin = "implicit"
	// OriginDevice is a device code that was redeemed (RFC 8628): the grant rests on the
	// session of the browser in which somebody allowed it.
	OriginDevice GrantOrigin = "device_code"
)

// GrantStart is under what conditions a grant begins.
type GrantStart struct {
	// PasswordEpoch is that of the person when the grant was allowed: under another
	// one, or when its session has ended, no grant begins.
	PasswordEpoch int64
	// Subject is the sub that the client knows the person by: it is noted with the
	// session which clients are to be told when that ends. Empty notes none.
	Subject string
}

// Live reports whether tokens of the grant work at now.
func (g *Grant) Live(now time.Time) bool {
	return g.RevokedAt.IsZero() && now.Before(g.ExpiresAt)
}

// Consent is what a person allowed a client, to be remembered.
type Consent struct {
	ClientID  string
	Scopes    []string
	UpdatedAt time.Time
}

// Rotation is one refresh: it succeeds only if every field still holds in the
// row, in one conditional write.
type Rotation struct {
	GrantID    ID
	ClientID   string
	Generation uint32 // the generation presented; the row moves to the next
	Salt       []byte
	// IdleLifetime is how long after this use the grant may stay unused.
	IdleLifetime time.Duration
	// Confirmation is what was proven with the token: the row is bound by the same, or
	// by nothing yet, and then is from now on. Empty proves nothing.
	Confirmation string
}

// GrantUser is a grant with its person, read as one.
type GrantUser struct {
	Grant Grant
	// User has what tokens say of a person, and whether they are disabled: nothing of
	// passwords, factors or epochs.
	User User
	// Now is the time of the database's clock when it answered; grace and expiry of
	// a grant are judged by it, not by the clock of whichever node asks, and not by
	// when a request arrived: a statement may have been held up since. It is zero
	// where only the state of the grant was asked for.
	Now time.Time
}

// Why a grant was revoked: the RevokedReason of a grant and the audit event's detail.
const (
	RevokedReuse      = "refresh_token_reuse"
	RevokedCodeReplay = "code_replay"
	RevokedByClient   = "revoked_by_client"
	RevokedSignOut    = "sign_out"
	RevokedPassword   = "password_changed"
	RevokedByUser     = "revoked_by_user"
	RevokedDisabled   = "user_disabled"
	RevokedFactors    = "factors_reset"
	RevokedExpired    = "session_expired"
	RevokedEpoch      = "epoch_raised"
	RevokedAccess     = "access_refused"
	RevokedClientGone = "client_removed"
	RevokedLockdown   = "locked_down"
)
