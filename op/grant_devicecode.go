package op

import (
	"context"
	"errors"
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
	return invalidGrant("the device code is invalid or already used", cause)
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
	return &Error{Code: codeExpiredToken, Description: "the device code has expired; request a new one"}
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
	return &Error{Code: codeSlowDown, Description: "poll less often: wait at least " + strconv.Itoa(slower) + " seconds"}
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
// That it happens once is the database's to say: the grant's row is unique by the code's
// hash (replay, requirements TK7, DC1). The code itself is taken away afterwards.
func (p *Provider) redeemDevice(ctx context.Context, r *tokenRequest, text string, d *interaction.DeviceRequest) (*tokenResponse, error) {
	var err error
	if r.Resource, err = p.make.chooseResource(r, allowed{scopes: d.Request.Scopes, resources: d.Request.Resources, onDevice: true}); err != nil {
		return nil, err
	}
	hash, err := p.cfg.Devices.Hash(text)
	if err != nil {
		return nil, unavailable("find device code", err)
	}
	if err := p.spendProof(ctx, r.Proof); err != nil {
		return nil, err
	}
	created, err := p.createGrant(ctx, r, deviceGrant(d), hash)
	switch {
	case d.Unanswered && (err == nil || errors.Is(err, storage.ErrConsumed)):
		created, err = p.deviceOfRetry(ctx, text, hash)
	case errors.Is(err, storage.ErrConsumed):
		return nil, errBadDeviceCode(err)
	case errors.Is(err, storage.ErrNotFound):
		return nil, errBadDeviceCode(errors.New("the session in which it was allowed has ended, or the password was changed"))
	case err != nil:
		p.markDeviceUnanswered(ctx, d)
		return nil, unavailable("create grant", err)
	default:
		p.forgetDevice(ctx, text, d)
	}
	if err != nil {
		return nil, err
	}
	return p.firstTokens(ctx, r, created)
}

// deviceOfRetry returns the grant of a device code whose first redemption we did not see
// the end of (idempotent). Of many such requests the one that takes the code goes on.
func (p *Provider) deviceOfRetry(ctx context.Context, text, hash string) (*storage.GrantUser, error) {
	err := p.cfg.Devices.Redeem(ctx, text)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, errBadDeviceCode(err)
	case err != nil:
		return nil, unavailable("redeem device code", err)
	}
	created, err := p.grantOfCode(ctx, hash)
	if err != nil {
		return nil, err
	}
	if created.Grant.Generation != 1 || !created.Grant.Live(created.Now) {
		return nil, errBadDeviceCode(errors.New("its grant was used or has ended"))
	}
	return created, nil
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

// markDeviceUnanswered notes that the database did not answer a redemption, which it may
// have written: the device is told to try again, and can.
func (p *Provider) markDeviceUnanswered(ctx context.Context, d *interaction.DeviceRequest) {
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	err := p.cfg.Devices.Update(ctx, d, func(d *interaction.DeviceRequest) { d.Unanswered = true })
	if err != nil && !errors.Is(err, storage.ErrConflict) {
		p.cfg.Log.ErrorContext(ctx, "note that a redemption was not answered", "reason", err.Error())
	}
}

// forgetDevice takes away what was redeemed: it is spent all the same.
func (p *Provider) forgetDevice(ctx context.Context, text string, d *interaction.DeviceRequest) {
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	err := errors.Join(p.cfg.Devices.Redeem(ctx, text), p.cfg.Devices.Forget(ctx, d))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		p.cfg.Log.ErrorContext(ctx, "forget the request of a device", "reason", err.Error())
	}
}
