package op

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// deviceCode is the grant by which a device that polls gets its tokens (RFC 8628
// section 3.4).
var deviceCode = grantType{
	name:       client.GrantDeviceCode,
	parameters: []string{"device_code", "resource"},
	required:   []string{"device_code"},
	issue:      (*Provider).pollDevice,
}

// pollLeeway is by how much a poll may come early: networks make some faster than others.
const pollLeeway = time.Second

// errBadDeviceCode is what a client is told of a device code that does not work. It does
// not say whether the code ever existed.
func errBadDeviceCode(cause error) error {
	return invalidGrant("the device code is not valid or was used before", cause)
}

// pollDevice answers a device that asks whether somebody decided (RFC 8628 section 3.5).
// What it asks for is bound to its client (requirement PR1), and late is late, approved
// or not (security.md L12).
func (p *Provider) pollDevice(ctx context.Context, r *tokenRequest) (*tokenResponse, error) {
	code := r.Form.Get("device_code")
	d, err := p.cfg.Devices.ByDeviceCode(ctx, code)
	switch {
	case errors.Is(err, interaction.ErrDeviceExpired):
		return nil, errDeviceExpired()
	case errors.Is(err, storage.ErrNotFound):
		return nil, errBadDeviceCode(err)
	case err != nil:
		return nil, unavailable("find request of a device", err)
	case d.Request.ClientID != r.Client.ID:
		return nil, errBadDeviceCode(errors.New("it is of client " + d.Request.ClientID))
	case d.Expired(r.Now):
		return nil, errDeviceExpired()
	case d.Refusal != nil:
		return nil, &Error{Code: d.Refusal.Code, Description: d.Refusal.Reason}
	case d.Approval == nil:
		return nil, p.notYet(ctx, code, d)
	}
	return p.redeemDevice(ctx, r, code, d)
}

func errDeviceExpired() error {
	return &Error{Code: codeExpiredToken, Description: "the device code has expired, ask for another one"}
}

// notYet answers a poll of a request that is pending. A device that polls faster than it
// may is told to wait for five seconds more from now on, each time (rate limit, section
// 3.5).
func (p *Provider) notYet(ctx context.Context, code string, d *interaction.DeviceRequest) error {
	wait, err := p.countPoll(ctx, code, d.Interval)
	switch {
	case err != nil:
		return err
	case wait <= 0:
		return &Error{Code: codeAuthorizationPending, Description: "nobody has decided yet"}
	}
	slower := min(d.Interval+interaction.DeviceInterval, interaction.MaxDeviceInterval)
	if slower != d.Interval {
		err := p.cfg.Devices.Update(ctx, d, func(d *interaction.DeviceRequest) { d.Interval = slower })
		if err != nil && !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrNotFound) {
			return unavailable("slow a device down", err)
		}
		if _, err := p.countPoll(ctx, code, slower); err != nil { // the longer wait begins now
			return err
		}
	}
	return &Error{Code: codeSlowDown, Description: "ask less often: wait for at least " + strconv.Itoa(slower) + " seconds"}
}

// countPoll says how much too early a poll is.
func (p *Provider) countPoll(ctx context.Context, code string, interval int) (time.Duration, error) {
	every := storage.Bucket{Burst: 1, Every: time.Duration(interval)*time.Second - pollLeeway}
	wait, err := p.cfg.Counters.Draw(ctx, "device-poll:"+strconv.Itoa(interval)+":"+p.cfg.Hasher.Sum("device-poll", code), every)
	if err != nil {
		return 0, unavailable("count polls of a device", err)
	}
	return wait, nil
}

// redeemDevice trades a device code that was allowed for tokens, as a code is exchanged.
// It is taken once, and the grant's row is unique by its hash, so that a cache that
// brings it back changes nothing (replay, requirements TK7, DC1).
func (p *Provider) redeemDevice(ctx context.Context, r *tokenRequest, text string, d *interaction.DeviceRequest) (*tokenResponse, error) {
	var err error
	if r.Resource, err = p.make.chooseResource(r, d.Request.Resources); err != nil {
		return nil, err
	}
	hash, err := p.cfg.Devices.Hash(text)
	if err != nil {
		return nil, unavailable("find device code", err)
	}
	err = p.cfg.Devices.Redeem(ctx, text)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, errBadDeviceCode(err)
	case err != nil:
		return nil, unavailable("redeem device code", err)
	}
	created, err := p.createGrant(ctx, r, deviceGrant(d), hash)
	switch {
	case errors.Is(err, storage.ErrConsumed) && d.PutBack:
		if created, err = p.unansweredGrant(ctx, hash); err != nil {
			return nil, err
		}
		if created == nil {
			return nil, errBadDeviceCode(errors.New("it was redeemed before"))
		}
	case errors.Is(err, storage.ErrConsumed):
		return nil, errBadDeviceCode(err)
	case errors.Is(err, storage.ErrNotFound):
		return nil, errBadDeviceCode(errors.New("the session in which it was allowed has ended, or the password was changed"))
	case err != nil:
		p.putDeviceBack(ctx, text, d)
		return nil, unavailable("create grant", err)
	}
	if err := p.cfg.Devices.Forget(ctx, d); err != nil && !errors.Is(err, storage.ErrNotFound) {
		p.cfg.Log.ErrorContext(ctx, "forget the request of a device", "reason", err.Error()) // it is spent all the same
	}
	return p.firstTokens(ctx, r, created)
}

// deviceGrant is what a device code stands for, in the terms of a code: what is said of
// its person is what was true when they allowed it.
func deviceGrant(d *interaction.DeviceRequest) *issuedCode {
	return &issuedCode{
		GrantID: d.Approval.GrantID, UserID: d.Approval.UserID, SID: d.Approval.SID, Request: d.Request, Origin: storage.OriginDevice,
		Authentication: d.Approval.Authentication, Address: d.Approval.Address, PasswordEpoch: d.Approval.PasswordEpoch,
		SessionExpiresAt: d.Approval.SessionExpiresAt, ExpiresAt: d.ExpiresAt,
	}
}

// putDeviceBack gives a device code back that was taken for a redemption that the
// database did not answer.
func (p *Provider) putDeviceBack(ctx context.Context, text string, d *interaction.DeviceRequest) {
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	if err := p.cfg.Devices.PutBack(ctx, text, d); err != nil {
		p.cfg.Log.LogAttrs(ctx, slog.LevelError, "put device code back", slog.String("reason", err.Error()))
	}
}
