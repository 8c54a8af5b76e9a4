package main

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// doorRow is an operation with each way in to it. In what is sent {person}, {email},
// {group}, {session}, {client} and more stand for what the row is tried on, {new} for a
// name that nothing has, and {why} for a reason.
type doorRow struct {
	// operation is that of the admin API, and body what it is sent. variant says which of
	// several rows of the operation it is.
	operation, variant, body string
	// act is the address of the console's page, with the form that is filled in there;
	// empty: it has none.
	act  string
	form []string
	// command is the command line, without where the store is; empty: there is none.
	command string
	// own is the page on which people do it to themselves: its address, the button, and
	// what is filled in, with spaces between.
	own [3]string
	// scim is what a source sends, on somebody whom it made: method, path, body.
	scim [3]string
	// prepare makes what there is to do, by an operator's word.
	prepare func(d *doors, x *doorSubject) error
	// events are the types that the change writes, and messages the kinds that it sends.
	events   []storage.EventType
	messages []storage.MessageKind
}

func (r *doorRow) name() string {
	if r.variant == "" {
		return r.operation
	}
	return r.operation + "/" + r.variant
}

// preparer is the operator who prepares.
var preparer = account.Operator("prepares")

const personDoor = "/admin/people/{person}/"

// doorRows is the one table of what is done, and of the doors to it. An operation, a page
// of the console or a command that is new, and that no row names, fails the test.
var doorRows = slices.Concat(personRows, groupRows, clientRows, systemRows)

// personRows are about people.
var personRows = []doorRow{
	{
		operation: "people.disable", body: `{"reason":"{why}"}`, act: personDoor + "disable", command: "user disable {person} --reason {why}",
		scim:   [3]string{"PATCH", "/Users/{person}", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":"False"}]}`},
		events: []storage.EventType{storage.EventUserDisabled},
	},
	{
		operation: "people.enable", act: personDoor + "enable", command: "user enable {person}",
		prepare: func(d *doors, x *doorSubject) error {
			return d.accounts().Disable(d.t.Context(), preparer, x.ID, "")
		},
		events: []storage.EventType{storage.EventUserEnabled},
	},
	{
		operation: "people.edit", body: `{"profile":{"nickname":"Countess"}}`, act: personDoor + "edit", form: []string{"nickname=Countess"}, command: "user edit {person} --nickname Countess",
		scim:   [3]string{"PATCH", "/Users/{person}", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"nickName","value":"Countess"}]}`},
		own:    [3]string{"/account/profile", "profile-submit", "nickname=Countess"},
		events: []storage.EventType{storage.EventProfileChanged},
	},
	{
		operation: "people.set_roles", body: `{"roles":["staff"]}`, act: personDoor + "set-roles", form: []string{"roles=staff"}, command: "user set-roles {person} staff",
		events: []storage.EventType{storage.EventRolesChanged},
	},
	{
		operation: "people.reset_password", body: `{"reason":"{why}","deliver":"link"}`, act: personDoor + "make-reset", command: "user reset-password {person} --print-link --reason {why}",
		events: []storage.EventType{storage.EventResetRequested},
	},
	{
		operation: "people.lock_down", body: `{"reason":"{why}"}`, act: personDoor + "lockdown", command: "lockdown {person} --reason {why} --yes",
		events: []storage.EventType{storage.EventLockedDown}, messages: []storage.MessageKind{storage.MessageLockedDown},
	},
	{
		operation: "people.undo_lockdown", body: `{"reason":"{why}"}`, act: personDoor + "undo-lockdown", command: "lockdown {person} --undo --reason {why}",
		prepare: func(d *doors, x *doorSubject) error {
			_, err := d.accounts().Lockdown(d.t.Context(), preparer, x.ID, account.LockdownOrder{Held: true})
			return err
		},
		events: []storage.EventType{storage.EventLockdownLifted},
	},
	{
		operation: "people.delete", act: personDoor + "delete", command: "user delete {person} --yes",
		own:    [3]string{"/account/delete", "delete-submit", "confirm={email}"},
		events: []storage.EventType{storage.EventDeletionPlanned}, messages: []storage.MessageKind{storage.MessageDeletionPlanned},
	},
	{
		operation: "people.keep", act: personDoor + "keep", command: "user keep {person}",
		prepare: func(d *doors, x *doorSubject) error {
			_, err := d.accounts().PlanDeletion(d.t.Context(), preparer, x.ID)
			return err
		},
		own:    [3]string{"/account", "deletion-cancel", ""},
		events: []storage.EventType{storage.EventDeletionCancelled},
	},
	{
		operation: "factors.reset", body: `{"reason":"{why}"}`, act: personDoor + "reset-factors", command: "user reset-mfa {person} --reason {why} --yes",
		events: []storage.EventType{storage.EventFactorsReset}, messages: []storage.MessageKind{storage.MessageFactorsReset},
	},
	{
		operation: "factors.unlock", act: personDoor + "unlock", command: "user unlock {person}",
		prepare: func(d *doors, x *doorSubject) error {
			_, err := d.store.Lockouts().Attempt(d.t.Context(), x.ID, storage.FactorTOTP, d.now(), storage.Backoff{Free: 9, Base: 1, Max: 1, Window: 1e12}, 100)
			return err
		},
		events: []storage.EventType{storage.EventFactorUnlocked},
	},
	{
		operation: "sessions.end_all", act: personDoor + "end-sessions", command: "user end-sessions {person} --yes",
		own:     [3]string{"/account/sessions/sign-out?which=everywhere", "confirm-submit", ""},
		prepare: (*doors).signIn, events: []storage.EventType{storage.EventSessionsEnded},
	},
	{
		operation: "sessions.end", act: personDoor + "end-session", command: "session end {person} {session}",
		own:     [3]string{"/account/sessions", "session-end-{session}", ""},
		prepare: (*doors).signIn, events: []storage.EventType{storage.EventSessionEnded},
	},
	{
		operation: "grants.revoke", act: personDoor + "remove-app", command: "grant revoke {person} {client} --yes",
		prepare: func(d *doors, x *doorSubject) error {
			e, err := account.NewEvent(d.now(), d.random, preparer, storage.EventConsentGranted, x.ID)
			if err != nil {
				return err
			}
			return d.store.Consents().Put(d.t.Context(), x.ID, "wiki", []string{"openid"}, d.now(), e)
		},
		own:    [3]string{"/account/applications/remove-access?client=wiki", "confirm-submit", ""},
		events: []storage.EventType{storage.EventApplicationRevoked},
	},
	{
		operation: "people.create", body: `{"email":"{new}@example.com","email_verified":true}`, act: "/admin/people/new", form: []string{"email={new}@example.com", "verified=1"},
		command: "user create --email {new}@example.com --verified",
		events:  []storage.EventType{storage.EventUserCreated},
	},
	{
		operation: "people.edit", variant: "address", body: `{"email":"{new}@example.com","email_verified":true}`, act: personDoor + "set-email", form: []string{"email={new}@example.com", "verified=on"},
		command: "user edit {person} --email {new}@example.com --verified",
		events:  []storage.EventType{storage.EventEmailChanged}, messages: []storage.MessageKind{storage.MessageEmailChanged},
	},
	{
		operation: "people.edit", variant: "address is theirs", body: `{"email_verified":true}`, act: personDoor + "verify-email", command: "user verify-email {person}",
		prepare: func(d *doors, x *doorSubject) error {
			return d.accounts().SetEmail(d.t.Context(), preparer, x.ID, x.words["{new}"]+"@example.org", false)
		},
		events: []storage.EventType{storage.EventEmailVerified},
	},
	{
		operation: "people.reset_password", variant: "by email", body: `{"reason":"{why}","deliver":"email"}`, act: personDoor + "send-reset", command: "user reset-password {person} --reason {why}",
		events: []storage.EventType{storage.EventResetRequested}, messages: []storage.MessageKind{storage.MessagePasswordReset},
	},
	{
		operation: "sessions.end", variant: "picked", act: "/admin/sessions/end", command: "session end {person} {session}",
		prepare: (*doors).signIn, events: []storage.EventType{storage.EventSessionEnded},
	},
	{
		operation: "devices.forget", act: personDoor + "forget-devices", own: [3]string{"/account/security/remove-device?device=all", "confirm-submit", ""},
		prepare: func(d *doors, x *doorSubject) error {
			e, err := account.NewEvent(d.now(), d.random, preparer, storage.EventDeviceTrusted, x.ID)
			if err != nil {
				return err
			}
			return d.store.TrustedDevices().Create(d.t.Context(), &storage.TrustedDevice{
				ID: newID(d.t), UserID: x.ID, SecretHash: rand.Text(), CreatedAt: d.now(), LastUsedAt: d.now(), ExpiresAt: d.now().Add(time.Hour),
			}, e)
		},
		events: []storage.EventType{storage.EventDeviceForgotten},
	},
	{
		operation: "invitations.create", body: `{"email":"{new}@example.com","deliver":"email"}`, act: "/admin/invitations/new", form: []string{"email={new}@example.com", "deliver=email"},
		command: "invite create --email {new}@example.com",
		events:  []storage.EventType{storage.EventInvitationCreated}, messages: []storage.MessageKind{storage.MessageInvitation},
	},
	{
		operation: "invitations.revoke", act: "/admin/invitations/revoke", command: "invite revoke {invitation} --yes",
		prepare: func(d *doors, x *doorSubject) error {
			_, inv, err := d.accounts().Invite(d.t.Context(), preparer, x.words["{new}"]+"@example.com", "", false)
			x.words["{invitation}"] = string(inv.ID)
			return err
		},
		events: []storage.EventType{storage.EventInvitationRevoked},
	},
	{
		operation: "members.add", act: personDoor + "join-group", form: []string{"group={group}"}, command: "group add {group} {person}",
		events: []storage.EventType{storage.EventGroupJoined},
	},
	{
		operation: "members.remove", act: personDoor + "leave-group", command: "group remove {group} {person}",
		prepare: func(d *doors, x *doorSubject) error {
			return d.accounts().AddToGroup(d.t.Context(), preparer, x.ID, groupOf(x))
		},
		events: []storage.EventType{storage.EventGroupLeft},
	},
}

// commandsElsewhere are the commands that no row tries: they only read, they are about the
// installation and nobody in it, or a script of TestScripts
// has them.
var commandsElsewhere = strings.Fields(`
	admin-invite audit-export audit-list audit-verify backup client-add-secret client-list client-registration-token-create
	client-registration-token-list client-registration-token-revoke client-show client-test config-apply config-diff config-schema config-status
	config-validate dev doctor doctor-mcp epoch-raise events-list events-schema events-secret events-test explain grant-list group-list
	group-set-roles group-show healthcheck init invite-list keys-list keys-reseal mail-test migrate-status migrate-up outbox-list restore serve
	session-list sms-test trace user-export user-import user-list user-revoke-grants user-sessions user-show version
`)
