package mfa

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	totpPeriod = 30 * time.Second
	// totpDrift is how many steps an authenticator's clock may be off (RFC 6238 section 5.2).
	totpDrift = 1
	// totpSecretSize is that of an HMAC-SHA-1 key (RFC 4226 section 4, R6).
	totpSecretSize = 20
)

// secretEncoding is how authenticators take a secret.
var secretEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// totp is the factor of authenticator apps (RFC 6238). A person may have
// several; a code of any passes. The step of a code only ever rises in the row
// of its credential, so no code passes twice, on whatever node.
type totp struct {
	cfg     Config
	limiter *attemptLimiter
}

// Kind implements Factor.
func (t *totp) Kind() storage.FactorKind { return storage.FactorTOTP }

// Available implements Factor.
func (t *totp) Available(p Person) bool { return len(p.enrolled(storage.FactorTOTP)) > 0 }

// enrolled lists the person's credentials of a kind.
func (p Person) enrolled(k storage.FactorKind) []storage.Credential {
	var of []storage.Credential
	for _, c := range p.Credentials {
		if c.Kind == k {
			of = append(of, c)
		}
	}
	return of
}

// Begin implements Factor.
func (t *totp) Begin(_ context.Context, a Attempt) (Challenge, error) {
	if !t.Available(a.Person) {
		return Challenge{}, ErrNotOffered
	}
	if err := closed(a.Person.lockout(storage.FactorTOTP), a.Now); err != nil {
		return Challenge{}, err
	}
	return Challenge{Kind: storage.FactorTOTP, Input: InputCode, Digits: codeDigits}, nil
}

// Verify implements Factor.
func (t *totp) Verify(ctx context.Context, a Attempt, r Response) (storage.Proof, error) {
	if !t.Available(a.Person) {
		return storage.Proof{}, ErrNotOffered
	}
	apps := a.Person.enrolled(storage.FactorTOTP)
	// A secret under a sealing key that this node does not know is no try: the response
	// may be right (requirement KY5).
	secrets := make([][]byte, len(apps))
	for i, c := range apps {
		var err error
		if secrets[i], err = t.cfg.Sealer.Open(c.Secret, secretPlace(c.ID, c.UserID)); err != nil {
			return storage.Proof{}, fmt.Errorf("open secret of credential %s: %w", c.ID, err)
		}
	}
	entry, err := t.limiter.enter(ctx, a, storage.FactorTOTP)
	if err != nil {
		return storage.Proof{}, err
	}
	var use *storage.CredentialUse
	for i, c := range apps {
		step, ok, err := matchingStep(secrets[i], typed(r.Code), a.Now)
		if err != nil {
			return storage.Proof{}, err
		}
		if ok && (use == nil || step > c.Counter) {
			use = &storage.CredentialUse{ID: c.ID, UserID: c.UserID, From: c.Counter, To: step, Now: a.Now}
		}
	}
	if use == nil {
		return storage.Proof{}, entry.fail(ctx, errors.New("wrong code"))
	}
	if use.To <= use.From {
		return storage.Proof{}, entry.fail(ctx, errors.New("code of a step that is over"))
	}
	err = t.cfg.Credentials.Use(ctx, *use)
	if errors.Is(err, storage.ErrConsumed) || errors.Is(err, storage.ErrNotFound) {
		return storage.Proof{}, entry.fail(ctx, errors.New("code was used, or the credential is gone"))
	}
	if err != nil {
		return storage.Proof{}, fmt.Errorf("spend TOTP step: %w", err)
	}
	return entry.pass(ctx, storage.Proof{CredentialID: use.ID})
}

// matchingStep returns the step whose code it is, of those around now. It
// compares with each of them whatever it finds, and takes the one spelling of [typed]
// alone.
func matchingStep(secret []byte, code string, now time.Time) (int64, bool, error) {
	if !codeForm.MatchString(code) {
		return 0, false, nil
	}
	encoded, current := secretEncoding.EncodeToString(secret), now.Unix()/int64(totpPeriod/time.Second)
	found := int64(-1)
	for step := current - totpDrift; step <= current+totpDrift; step++ {
		want, err := stepCode(encoded, step)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	return found, found >= 0, nil
}

// stepCode is the code of a step.
func stepCode(encodedSecret string, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(encodedSecret, uint64(step), hotp.ValidateOpts{
		Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return "", fmt.Errorf("make code of a TOTP step: %w", err)
	}
	return code, nil
}

// secretPlace binds a sealed secret to its credential and person (requirement
// TP1): moved to another row it does not open.
func secretPlace(id, userID storage.ID) keys.AssociatedData {
	return keys.AssociatedData{Table: "credentials", Column: "secret", Row: string(id) + "." + string(userID)}
}

// pendingTOTP is an enrollment that is not confirmed: the row to be.
type pendingTOTP struct {
	ID storage.ID `json:"id"`
	// Sealed is its secret, sealed to that row.
	Sealed string `json:"sealed"`
}

// Start implements Enroller.
func (t *totp) Start(ctx context.Context, a Attempt) (Enrollment, error) {
	pending, _, err := t.pending(ctx, a)
	if errors.Is(err, ErrExpired) {
		pending, err = t.newPending(ctx, a)
	}
	if err != nil {
		return Enrollment{}, err
	}
	secret, err := t.cfg.Sealer.Open(pending.Sealed, secretPlace(pending.ID, a.Person.User.ID))
	if err != nil {
		return Enrollment{}, fmt.Errorf("open secret of an enrollment: %w", err)
	}
	encoded := secretEncoding.EncodeToString(secret)
	return Enrollment{
		Kind: storage.FactorTOTP, Input: InputCode, Secret: encoded, Digits: codeDigits,
		URI: otpauthURI(t.cfg.Brand, accountName(a.Person.User), encoded),
	}, nil
}

func (t *totp) newPending(ctx context.Context, a Attempt) (pendingTOTP, error) {
	var pending pendingTOTP
	id, err := storage.NewID(a.Now, t.cfg.Random)
	if err != nil {
		return pending, fmt.Errorf("name credential: %w", err)
	}
	secret := make([]byte, totpSecretSize)
	if _, err := io.ReadFull(t.cfg.Random, secret); err != nil {
		return pending, fmt.Errorf("read randomness for a TOTP secret: %w", err)
	}
	sealed, err := t.cfg.Sealer.Seal(secret, secretPlace(id, a.Person.User.ID))
	if err != nil {
		return pending, fmt.Errorf("seal TOTP secret: %w", err)
	}
	pending = pendingTOTP{ID: id, Sealed: sealed}
	if _, err := t.cfg.enrollments().Put(ctx, enrollmentEntry(storage.FactorTOTP, a), pending); err != nil {
		return pending, fmt.Errorf("keep enrollment: %w", err)
	}
	return pending, nil
}

func (t *totp) pending(ctx context.Context, a Attempt) (pendingTOTP, ephemeral.Version, error) {
	pending, version, err := t.cfg.enrollments().Get(ctx, enrollmentEntry(storage.FactorTOTP, a))
	if errors.Is(err, storage.ErrNotFound) {
		return pending, version, ErrExpired
	}
	if err != nil {
		return pending, version, fmt.Errorf("load enrollment: %w", err)
	}
	return pending, version, nil
}

// Confirm implements Enroller. The step of the code that confirms is the
// credential's first counter, so that the same code does not sign in.
func (t *totp) Confirm(ctx context.Context, a Attempt, r Response, name string) (storage.Credential, error) {
	pending, version, err := t.pending(ctx, a)
	if err != nil {
		return storage.Credential{}, err
	}
	secret, err := t.cfg.Sealer.Open(pending.Sealed, secretPlace(pending.ID, a.Person.User.ID))
	if err != nil {
		return storage.Credential{}, fmt.Errorf("open secret of an enrollment: %w", err)
	}
	// It counts before it is compared, and not where this node cannot judge it.
	left, err := t.limiter.countEnrollment(ctx, a, storage.FactorTOTP)
	if err != nil {
		return storage.Credential{}, err
	}
	step, ok, err := matchingStep(secret, typed(r.Code), a.Now)
	if err != nil {
		return storage.Credential{}, err
	}
	if !ok {
		return storage.Credential{}, &WrongError{TriesLeft: left, Cause: errors.New("wrong code for an enrollment")}
	}
	err = t.cfg.enrollments().TakeIf(ctx, version)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Credential{}, ErrExpired
	}
	if err != nil {
		return storage.Credential{}, fmt.Errorf("end enrollment: %w", err)
	}
	return storage.Credential{
		ID: pending.ID, UserID: a.Person.User.ID, Kind: storage.FactorTOTP, Name: ident.Cut(ident.Clean(name), ident.MaxDeviceName),
		Secret: pending.Sealed, Counter: step, CreatedAt: a.Now,
	}, nil
}
