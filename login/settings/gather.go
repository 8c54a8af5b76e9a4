package settings

import (
	"net/http"

	"github.com/latchkey-id/latchkey/storage"
)

// gather reads everything that is kept about the person.
func (p *Pages) gather(r *http.Request, v *visit) (*export, error) {
	ctx, id, now := r.Context(), v.User.ID, p.cfg.Now()
	e := &export{ExportedAt: now, Account: exportAccount(&v.User)}
	groups, err := p.cfg.Accounts.GroupsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		shown := exportedGroup{Name: g.Name, DisplayName: g.DisplayName, Roles: g.Roles, AddedAt: g.AddedAt}
		for _, source := range g.Sources {
			shown.Sources = append(shown.Sources, source.String())
		}
		e.Groups = append(e.Groups, shown)
	}
	sessions, err := p.cfg.Sessions.ListByUser(ctx, id, now)
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		e.Sessions = append(e.Sessions, exportedSession{s.SID, s.CreatedAt, s.LastSeenAt, s.Address, s.UserAgent})
	}
	grants, err := p.cfg.Grants.ListByUser(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		e.Grants = append(e.Grants, exportedGrant{
			ID: g.ID, ClientID: g.ClientID, SessionID: g.SID, Scopes: g.Scopes, Offline: g.Offline, CreatedAt: g.CreatedAt,
			UsedAt: g.RotatedAt, ExpiresAt: g.ExpiresAt, RevokedAt: g.RevokedAt, RevokedReason: g.RevokedReason,
		})
	}
	consents, err := p.cfg.Consents.ListByUser(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, c := range consents {
		e.Consents = append(e.Consents, exportedConsent(c))
	}
	if err := p.gatherFactors(r, v, e); err != nil {
		return nil, err
	}
	events, err := p.cfg.Events.ListByUser(ctx, id, maxExportedEvents)
	if err != nil {
		return nil, err
	}
	for _, event := range events {
		e.Events = append(e.Events, exportedEvent{
			event.At, event.Type, event.Outcome, event.ClientID, event.SID, event.Address, event.UserAgent, event.Detail,
		})
	}
	return e, nil
}

func exportAccount(u *storage.User) exportedAccount {
	return exportedAccount{
		ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerified, Username: u.Username, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		Profile: u.Profile, Roles: u.Roles, Attributes: u.Attributes, HasPassword: u.PasswordHash != "", PasswordChangedAt: u.PasswordChangedAt,
		FactorAskedAt: u.FactorAskedAt, DeleteAt: u.DeleteAt, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}

func (p *Pages) gatherFactors(r *http.Request, v *visit, e *export) error {
	person, err := p.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return err
	}
	for _, c := range person.Credentials {
		e.Factors = append(e.Factors, exportedFactor{c.ID, c.Kind, c.Name, c.CreatedAt, c.LastUsedAt})
	}
	e.RecoveryCodes = exportedRecovery{person.Recovery.Total, person.Recovery.Remaining, person.Recovery.CreatedAt}
	for _, l := range person.Lockouts {
		e.Lockouts = append(e.Lockouts, exportedLockout{l.Kind, l.Failures, l.LockedUntil, l.DisabledAt})
	}
	devices, err := p.cfg.Devices.ListByUser(r.Context(), v.User.ID, p.cfg.Now())
	if err != nil {
		return err
	}
	for _, d := range devices {
		e.Devices = append(e.Devices, exportedDevice{d.ID, d.Address, d.UserAgent, d.CreatedAt, d.LastUsedAt, d.ExpiresAt})
	}
	return nil
}
