package mfa

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// codeDigits is the length of a code that is sent or shown by an authenticator app.
const codeDigits = 6

// maxTyped bounds what is looked at of a typed code, in bytes.
const maxTyped = 128

// typed is a code in its one spelling, whatever way an app shows or a keyboard types
// it: "123 456", "123-456", full-width or Arabic-Indic digits. What is spent is the
// code's number, so that another spelling is no second use of it (replay).
func typed(code string) string {
	if len(code) > maxTyped {
		return ""
	}
	return ident.Code(code)
}

// codeForm is that spelling.
var codeForm = regexp.MustCompile(`^[0-9]{6}$`)

var codeRange = big.NewInt(1_000_000)

// CodeLimits bounds the codes that are sent by email and SMS.
type CodeLimits struct {
	// TTL is how long a code lives; at most ten minutes.
	TTL time.Duration
	// Resend is how long to wait between codes of one attempt.
	Resend storage.Backoff
	// Window is what the caps count over: codes of an attempt, to an account, to
	// a destination.
	Window                                 time.Duration
	PerAttempt, PerAccount, PerDestination int
}

// DefaultCodeLimits is what the requirements ask for.
func DefaultCodeLimits() CodeLimits {
	return CodeLimits{
		TTL:    10 * time.Minute,
		Resend: storage.Backoff{Base: 30 * time.Second, Max: 10 * time.Minute, Window: time.Hour},
		Window: time.Hour, PerAttempt: 5, PerAccount: 10, PerDestination: 10,
	}
}

// sentCode is what codes by email and by SMS have in common. A code exists in
// the message alone; here it is a keyed hash, bound to the attempt, the person
// and the destination (requirement EO1). An attempt has one live code at a time.
type sentCode struct {
	cfg     Config
	limiter *attemptLimiter
	kind    storage.FactorKind
	// purpose tells codes of one kind apart that are for different ends.
	purpose string
	channel storage.Channel
	message storage.MessageKind
	// to is where the person's codes go: a destination that is known to be
	// theirs and allowed, or "".
	to func(*storage.User) string
	// hint tells the destination without telling it.
	hint func(to string) string
	// caps are limits besides those of all codes.
	caps func(to string) []sendCap
}

// sendCap is one limit on sending.
type sendCap struct {
	name, key string
	window    time.Duration
	max       int
	// pot names a limit that all people share; empty is one of somebody's own.
	pot string
}

// codeHash is the purpose of the hash of a code.
const codeHash = "mfa code hash"

// liveCode is the entry of a code in the ephemeral store.
type liveCode struct {
	Hash string `json:"hash"`
	// NextAt is when another may be asked for.
	NextAt    time.Time `json:"next_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Kind implements Factor.
func (s *sentCode) Kind() storage.FactorKind { return s.kind }

// Available implements Factor.
func (s *sentCode) Available(p Person) bool { return s.to(p.User) != "" }

// Begin implements Factor: it sends a code unless one is live.
func (s *sentCode) Begin(ctx context.Context, a Attempt) (Challenge, error) {
	to := s.to(a.Person.User)
	if to == "" {
		return Challenge{}, ErrNotOffered
	}
	if err := closed(a.Person.lockout(s.kind), a.Now); err != nil {
		return Challenge{}, err
	}
	_, live, err := s.live(ctx, a, to)
	isLive := err == nil
	if err != nil && !errors.Is(err, ErrExpired) {
		return Challenge{}, err
	}
	shown := Challenge{Kind: s.kind, Input: InputCode, Digits: codeDigits, Hint: s.hint(to), CanResend: true}
	if !isLive || a.Resend {
		live, err = s.send(ctx, a, to)
		if limited := (*LimitedError)(nil); isLive && errors.As(err, &limited) {
			shown.ResendAfter = limited.RetryAfter
			return shown, err
		}
		if err != nil {
			return Challenge{}, err
		}
	}
	shown.ResendAfter = max(live.NextAt.Sub(a.Now), 0)
	return shown, nil
}

// live reads the attempt's code; ErrExpired where none is live.
func (s *sentCode) live(ctx context.Context, a Attempt, to string) (ephemeral.Version, liveCode, error) {
	code, version, err := s.codes().Get(ctx, s.entry(a, to))
	if errors.Is(err, storage.ErrNotFound) {
		return version, code, ErrExpired
	}
	if err != nil {
		return version, code, fmt.Errorf("load code: %w", err)
	}
	if !a.Now.Before(code.ExpiresAt) {
		return version, code, ErrExpired
	}
	return version, code, nil
}

// send makes a code in place of any other and queues it.
func (s *sentCode) send(ctx context.Context, a Attempt, to string) (liveCode, error) {
	next, err := s.allow(ctx, a, to)
	if err != nil {
		return liveCode{}, err
	}
	n, err := rand.Int(s.cfg.Random, codeRange)
	if err != nil {
		return liveCode{}, fmt.Errorf("read randomness for a code: %w", err)
	}
	code := fmt.Sprintf("%0*d", codeDigits, n)
	live := liveCode{
		Hash:   s.cfg.Hasher.Sum(codeHash, s.boundTo(a, to, code)...),
		NextAt: a.Now.Add(next), ExpiresAt: a.Now.Add(s.cfg.Codes.TTL),
	}
	if _, err := s.codes().Put(ctx, s.entry(a, to), live); err != nil {
		return liveCode{}, fmt.Errorf("keep code: %w", err)
	}
	if err := s.cfg.Sender.Send(ctx, s.channel, s.message, a.Person.User, to, code, a.Locale, live.ExpiresAt); err != nil {
		deleteErr := s.codes().Delete(ctx, s.entry(a, to)) // nobody will ever have it
		return liveCode{}, errors.Join(fmt.Errorf("queue code: %w", err), deleteErr)
	}
	s.cfg.Counter.Factor(s.kind, resultSent)
	return live, nil
}

// allow counts a code that is about to be sent, against each limit in turn, the
// narrowest first, so that what one person is refused spends nothing of
// everybody's. It answers how long to wait for the next. Tries are not among
// what it counts: another code gives no more of them (requirement EO3).
func (s *sentCode) allow(ctx context.Context, a Attempt, to string) (time.Duration, error) {
	name := func(of string) string { return "mfa:send:" + string(s.kind) + ":" + s.purpose + ":" + of }
	wait, err := s.cfg.Ephemeral.Attempt(ctx, name("wait:"+a.ID), s.cfg.Codes.Resend)
	if err != nil {
		return 0, fmt.Errorf("wait between codes: %w", err)
	}
	if wait > 0 {
		return 0, &LimitedError{RetryAfter: wait}
	}
	limits := s.cfg.Codes
	caps := append([]sendCap{
		{name: "codes of an attempt", key: name("attempt:" + a.ID), window: limits.Window, max: limits.PerAttempt},
		{name: "codes to an account", key: name("account:" + string(a.Person.User.ID)), window: limits.Window, max: limits.PerAccount},
		{name: "codes to a destination", key: name("to:" + s.cfg.Hasher.Sum("limit", string(s.kind), ident.Canonical(to))), window: limits.Window, max: limits.PerDestination},
	}, s.caps(to)...)
	var nth int64
	for i, c := range caps {
		n, err := s.cfg.Ephemeral.Count(ctx, c.key, c.window)
		if err != nil {
			return 0, fmt.Errorf("count %s: %w", c.name, err)
		}
		s.watch(ctx, c, to, n)
		if n > int64(c.max) {
			s.cfg.Counter.Factor(s.kind, resultLimited)
			detail := fmt.Sprintf("%s: %s", s.kind, c.name)
			if err := s.limiter.tell(ctx, a, storage.EventThrottled, storage.Failure, detail); err != nil {
				return 0, err
			}
			return 0, &LimitedError{RetryAfter: c.window}
		}
		if i == 0 {
			nth = n
		}
	}
	return limits.Resend.Wait(nth), nil
}

// watch tells operators of a pot that runs low, before people are refused, and of
// one that is empty: each once in the log, and each refusal in the metric.
func (s *sentCode) watch(ctx context.Context, c sendCap, to string, nth int64) {
	state := ""
	switch {
	case c.pot == "":
	case nth > int64(c.max):
		state = potEmpty
	case nth == runsLow(c.max):
		state = potLow
	}
	if state == "" {
		return
	}
	s.cfg.Counter.Pot(s.purpose, c.pot, state)
	if nth <= int64(c.max)+1 {
		s.cfg.Log.WarnContext(ctx, "pot of text messages is "+state, "purpose", s.purpose, "scope", c.pot,
			"country", s.cfg.SMS.country(to), "messages", nth, "of", c.max)
	}
}

// Verify implements Factor.
func (s *sentCode) Verify(ctx context.Context, a Attempt, r Response) (storage.Proof, error) {
	checked, err := s.check(ctx, a, r)
	if err != nil {
		return storage.Proof{}, err
	}
	return checked.pass(ctx, storage.Proof{})
}

// check counts the response and spends the code, if it is right. The code is read
// first, and taken only if it still is that one.
func (s *sentCode) check(ctx context.Context, a Attempt, r Response) (*entry, error) {
	to := s.to(a.Person.User)
	if to == "" {
		return nil, ErrNotOffered
	}
	// What this node cannot read or judge counts as no try: the response may be right
	// (requirement KY5).
	version, live, missing := s.live(ctx, a, to)
	if missing != nil && !errors.Is(missing, ErrExpired) {
		return nil, missing
	}
	code := typed(r.Code)
	right, err := s.cfg.Hasher.Judge(live.Hash, codeHash, s.boundTo(a, to, code)...)
	if err != nil {
		return nil, err
	}
	// It counts before anything is told of it.
	counted, err := s.limiter.enter(ctx, a, s.kind)
	if err != nil {
		return nil, err
	}
	if missing != nil {
		return nil, counted.expire(ctx, "no live code")
	}
	if !codeForm.MatchString(code) || !right {
		return nil, counted.fail(ctx, errors.New("wrong code"))
	}
	// Of many right responses one takes the code. One that takes another code,
	// sent meanwhile, has proved nothing by it.
	err = s.codes().TakeIf(ctx, version)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, counted.expire(ctx, "the code was used or replaced")
	case err != nil:
		return nil, fmt.Errorf("spend code: %w", err)
	}
	return counted, nil
}

// boundTo is what the hash of a code binds it to.
func (s *sentCode) boundTo(a Attempt, to, code string) []string {
	return []string{string(s.kind), s.purpose, a.ID, string(a.Person.User.ID), to, code}
}

// codes are the live codes of all kinds.
func (s *sentCode) codes() *ephemeral.Values[liveCode] {
	return ephemeral.NewValues[liveCode](s.cfg.Ephemeral, s.cfg.Hasher, "mfa code", s.cfg.Codes.TTL)
}

// entry names the attempt's live code.
func (s *sentCode) entry(a Attempt, to string) string { return ephemeral.Name(s.boundTo(a, to, "")...) }
