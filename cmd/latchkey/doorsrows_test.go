package main

import (
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// doorRow is an operation with each way in to it. In what is sent {person}, {email},
// {group}, {session} and {client} stand for what the row is tried on, and {why} for a reason.
type doorRow struct {
	// operation is that of the admin API, and body what it is sent.
	operation, body string
	// act is the address of the console's page, with the form that is filled in there.
	act  string
	form []string
	// command is the command line, without where the store is.
	command string
	// scim is what a source sends, on somebody whom it made: method, path, body.
	scim [3]string
	// prepare makes what there is to do, by an operator's word.
	prepare func(d *doors, u *storage.User) error
	// events are the types that the change writes, and messages the kinds that it sends.
	events   []storage.EventType
	messages []storage.MessageKind
}

// preparer is the operator who prepares.
var preparer = account.Operator("prepares")

const personDoor = "/admin/people/{person}/"

// doorRows is the one table of what is done, and of the doors to it. An operation, a page
// of the console or a command that is new, and that no row names, fails the test.
var doorRows = []doorRow{
	{
		operation: "people.disable", body: `{"reason":"{why}"}`, act: personDoor + "disable", command: "user disable {person} --reason {why}",
		scim:   [3]string{"PATCH", "/Users/{person}", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":"False"}]}`},
		events: []storage.EventType{storage.EventUserDisabled},
	},
	{
		operation: "people.enable", act: personDoor + "enable", command: "user enable {person}",
		prepare: func(d *doors, u *storage.User) error {
			return d.accounts().Disable(d.t.Context(), preparer, u.ID, "")
		},
		events: []storage.EventType{storage.EventUserEnabled},
	},
	{
		operation: "people.edit", body: `{"profile":{"nickname":"Countess"}}`, act: personDoor + "edit", form: []string{"nickname=Countess"}, command: "user edit {person} --nickname Countess",
		scim:   [3]string{"PATCH", "/Users/{person}", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"nickName","value":"Countess"}]}`},
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
		prepare: func(d *doors, u *storage.User) error {
			_, err := d.accounts().Lockdown(d.t.Context(), preparer, u.ID, account.LockdownOrder{Held: true})
			return err
		},
		events: []storage.EventType{storage.EventLockdownLifted},
	},
	{
		operation: "people.delete", act: personDoor + "delete", command: "user delete {person} --yes",
		events: []storage.EventType{storage.EventDeletionPlanned}, messages: []storage.MessageKind{storage.MessageDeletionPlanned},
	},
	{
		operation: "people.keep", act: personDoor + "keep", command: "user keep {person}",
		prepare: func(d *doors, u *storage.User) error {
			_, err := d.accounts().PlanDeletion(d.t.Context(), preparer, u.ID)
			return err
		},
		events: []storage.EventType{storage.EventDeletionCancelled},
	},
	{
		operation: "factors.reset", body: `{"reason":"{why}"}`, act: personDoor + "reset-factors", command: "user reset-mfa {person} --reason {why} --yes",
		events: []storage.EventType{storage.EventFactorsReset}, messages: []storage.MessageKind{storage.MessageFactorsReset},
	},
	{
		operation: "factors.unlock", act: personDoor + "unlock", command: "user unlock {person}",
		prepare: func(d *doors, u *storage.User) error {
			_, err := d.store.Lockouts().Attempt(d.t.Context(), u.ID, storage.FactorTOTP, d.now(), storage.Backoff{Free: 9, Base: 1, Max: 1, Window: 1e12}, 100)
			return err
		},
		events: []storage.EventType{storage.EventFactorUnlocked},
	},
	{
		operation: "sessions.end_all", act: personDoor + "end-sessions", command: "user end-sessions {person} --yes",
		prepare: (*doors).signIn, events: []storage.EventType{storage.EventSessionsEnded},
	},
	{
		operation: "sessions.end", act: personDoor + "end-session", command: "session end {person} {session}",
		prepare: (*doors).signIn, events: []storage.EventType{storage.EventSessionEnded},
	},
	{
		operation: "grants.revoke", act: personDoor + "remove-app", command: "grant revoke {person} {client} --yes",
		prepare: func(d *doors, u *storage.User) error {
			e, err := account.NewEvent(d.now(), d.random, preparer, storage.EventConsentGranted, u.ID)
			if err != nil {
				return err
			}
			return d.store.Consents().Put(d.t.Context(), u.ID, "wiki", []string{"openid"}, d.now(), e)
		},
		events: []storage.EventType{storage.EventApplicationRevoked},
	},
	{
		operation: "members.add", act: personDoor + "join-group", form: []string{"group={group}"}, command: "group add {group} {person}",
		events: []storage.EventType{storage.EventGroupJoined},
	},
	{
		operation: "members.remove", act: personDoor + "leave-group", command: "group remove {group} {person}",
		prepare: func(d *doors, u *storage.User) error {
			return d.accounts().AddToGroup(d.t.Context(), preparer, u.ID, groupOf(u))
		},
		events: []storage.EventType{storage.EventGroupLeft},
	},
}

// groupOf is the name of the group that a row is tried with.
func groupOf(u *storage.User) string { return fmt.Sprintf("g-%s", u.ID) }

// doorsElsewhere are the operations that no row tries through each door, and the tests that
// hold them to their effect, their events and their refusals.
var doorsElsewhere = map[string]string{
	"people.create":         "TestTheCommandsOfTheDocumentationWork TestScripts/people TestTheServerIsAsTheSpecificationSays",
	"devices.forget":        "TestAD1_EveryOperationTakesRoleAndScope TestAD1_ActsAreDoneByWhomTheyAreFor",
	"groups.create":         "TestAD1_EveryOperationTakesRoleAndScope TestScripts/groups",
	"groups.edit":           "TestAD1_EveryOperationTakesRoleAndScope TestScripts/groups",
	"groups.delete":         "TestAD1_EveryOperationTakesRoleAndScope TestScripts/groups",
	"invitations.create":    "TestInvitationsAreListedAndTakenBack",
	"invitations.revoke":    "TestInvitationsAreListedAndTakenBack",
	"clients.create":        "TestAD1_EveryOperationTakesRoleAndScope",
	"clients.replace":       "TestAD1_EveryOperationTakesRoleAndScope",
	"clients.add_secret":    "TestAD1_EveryOperationTakesRoleAndScope",
	"clients.delete":        "TestAD1_EveryOperationTakesRoleAndScope",
	"clients.lock_down":     "TestAClientThatIsLockedDownIsServedByNobody TestAD1_EveryOperationTakesRoleAndScope",
	"clients.undo_lockdown": "TestAClientThatIsLockedDownIsServedByNobody TestAD1_EveryOperationTakesRoleAndScope",
	"deliveries.retry":      "TestDeliveriesAreTriedAgain",
	"feeds.replay":          "TestEventsAreReplayed",
	"keys.rotate":           "TestKY6_KeysAreRotatedAndRevoked",
	"keys.revoke":           "TestKY6_KeysAreRotatedAndRevoked",
	"everybody.lock_down":   "TestBL1_EverybodyIsLockedDown",
}

// commandsElsewhere are the commands that no row tries: they only read, they are about the
// installation and nobody in it, or a test of doorsElsewhere or a script of TestScripts
// has them.
var commandsElsewhere = strings.Fields(`
	admin-invite audit-export audit-list audit-verify backup client-add-secret client-delete client-list client-registration-token-create
	client-registration-token-list client-registration-token-revoke client-rotate-secret client-show client-test config-apply config-diff
	config-schema config-status config-validate dev doctor doctor-mcp epoch-raise events-list events-replay events-schema events-secret events-test
	explain grant-list group-create group-delete group-edit group-list group-set-roles group-show healthcheck init invite-create invite-list
	invite-revoke keys-list keys-reseal keys-revoke keys-rotate mail-test migrate-status migrate-up outbox-list outbox-retry restore serve
	session-list sms-test trace user-create user-export user-import user-list user-revoke-grants user-sessions user-show user-verify-email version
`)
