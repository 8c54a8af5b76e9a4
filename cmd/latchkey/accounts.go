package main

import (
	"crypto/rand"
	"os"
	"os/user"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// accountConfig is what the account service is made of everywhere: pages, commands
// and jobs have one policy.
func (d *dependencies) accountConfig(store *sqlstore.Store) account.Config {
	return account.Config{
		Stores: account.Stores{
			Users: store.Users(), Accounts: store.Users(), Verifiers: store.Users(), Addresses: store.Users(),
			Profiles: store.Users(), Lifecycles: store.Users(), Lockdowns: store.Users(), Epochs: store.Users(), Credentials: store.Credentials(), Recovery: store.RecoveryCodes(),
			Trusted: store.TrustedDevices(), Lockouts: store.Lockouts(), Sessions: store.Sessions(), Grants: store.Grants(),
			Consents: store.Consents(), Groups: store.Groups(), Memberships: store.Memberships(), Edits: store.Users(), Provisions: store.Provisions(), Provisioners: store.Users(), RemovedClients: store.RemovedClients(), Invitations: store.Invitations(), LockedClients: store.LockedClients(), Events: store.Events(), Outbox: store.Outbox(),
			Deliveries: store.Outbox(), Feeds: store.Feeds(),
		},
		Passwords: d.password, PasswordPolicy: d.passwordPolicy(), Policy: d.policy(), Messages: d.intents(),
		Hasher: d.hasher, Sealer: d.sealer, Now: d.now, Random: rand.Reader,
		SignUp: account.SignUpPolicy{
			Mode: d.cfg.SignUp.Mode, Email: d.cfg.SignUp.Email, Username: d.cfg.SignUp.Username,
		},
		DeletionGrace: d.cfg.Account.DeletionGrace, InvitationLifetime: d.cfg.Account.Links.Invitation,
		LockdownUndo: d.cfg.Account.LockdownUndo, RecentFactors: d.cfg.Account.RecentFactors, NotifyNewDevice: d.cfg.Account.NotifyNewDevice,
		Attributes: d.cfg.AttributeSchema,
		AdminRoles: d.cfg.Admin.Policy().Named(),
		GroupUses:  groupUses{d},
		Queued:     func() {}, // the worker of a node finds what a command queues
	}
}

// accounts is the account service of commands.
func (d *dependencies) accounts(store *sqlstore.Store) *account.Service {
	return account.New(d.accountConfig(store))
}

// newAccounts is the account service of a node.
func newAccounts(p *process, f *foundation, factors *mfa.Factors, devices *mfa.Devices) *account.Service {
	cfg := f.accountConfig(p.store)
	cfg.Factors, cfg.Trust, cfg.Tokens, cfg.Queued = factors, devices, f.tokens, p.outbox.Poke
	return account.New(cfg)
}

// operator is whoever runs the command, by their name on this machine.
func operator() account.Actor {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return account.Operator(u.Username)
	}
	return account.Operator(os.Getenv("USER"))
}
