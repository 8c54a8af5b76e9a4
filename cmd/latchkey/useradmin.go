package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

func userDisableCommand() *cobra.Command {
	var d destroy
	var reason string
	cmd := userActionCommand("disable USER", "Keep a person out and end everything that they are signed in to", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			if err := checkReason(reason); err != nil {
				return err
			}
			if u.Disabled() {
				return fmt.Errorf("%s is already disabled", nameOf(u))
			}
			if goes, err := d.gently(cmd, "keep %s out, and end everything that they are signed in to", nameOf(u)); err != nil || !goes {
				return err
			}
			err := accounts.Disable(cmd.Context(), operator(), u.ID, reason)
			return report(cmd, err, nameOf(u)+" is disabled already", "disabled %s", nameOf(u))
		})
	reasonFlag(cmd, &reason, "")
	d.register(cmd)
	return cmd
}

func userEnableCommand() *cobra.Command {
	return userActionCommand("enable USER", "Let a disabled person sign in again", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			err := accounts.Enable(cmd.Context(), operator(), u.ID)
			return report(cmd, err, nameOf(u)+" is not disabled", "enabled %s", nameOf(u))
		})
}

func userSetRolesCommand() *cobra.Command {
	return userActionCommand("set-roles USER [ROLE...]", "Replace a person's roles; without any they have none", cobra.MinimumNArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, roles []string) error {
			roles, err := accounts.SetRoles(cmd.Context(), operator(), u.ID, roles)
			return report(cmd, err, nameOf(u)+" is gone", "%s has the roles %s", nameOf(u), orNone(roles))
		})
}

func userUnlockCommand() *cobra.Command {
	var factor string
	cmd := userActionCommand("unlock USER", "Forget the wrong codes that locked a person's second factors", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			if factor != "" && !slices.Contains(secondFactors, storage.FactorKind(factor)) {
				return fmt.Errorf("--factor %q is not one of %s", factor, factorNames())
			}
			err := accounts.Unlock(cmd.Context(), operator(), u.ID, storage.FactorKind(factor))
			return report(cmd, err, nameOf(u)+" has no wrong codes to clear", "unlocked %s", nameOf(u))
		})
	cmd.Flags().StringVar(&factor, "factor", "", "only this `kind`: "+factorNames())
	return cmd
}

var secondFactors = []storage.FactorKind{
	storage.FactorPasskey, storage.FactorTOTP, storage.FactorRecovery, storage.FactorEmail, storage.FactorSMS,
}

func factorNames() string {
	names := make([]string, len(secondFactors))
	for i, k := range secondFactors {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

func userResetMFACommand() *cobra.Command {
	var d destroy
	var reason string
	cmd := userActionCommand("reset-mfa USER", "Remove a person's second factors, recovery codes and trusted devices, and sign them out", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			if reason == "" {
				return errors.New("--reason is missing: say why, and how you know who asked; it is recorded")
			}
			if err := checkReason(reason); err != nil {
				return err
			}
			goes, err := d.gently(cmd, "remove the second factors, recovery codes and trusted devices of %s, and sign them out", nameOf(u))
			if err != nil || !goes {
				return err
			}
			err = accounts.ResetFactors(cmd.Context(), operator(), u.ID, reason)
			return report(cmd, err, nameOf(u)+" is gone", "%s has no second factor any more, and is signed out", nameOf(u))
		})
	reasonFlag(cmd, &reason, " (required)")
	d.register(cmd)
	return cmd
}

func reasonFlag(cmd *cobra.Command, reason *string, more string) {
	cmd.Flags().StringVar(reason, "reason", "", "`text` for the audit record"+more)
}

// maxReason bounds a reason, in characters.
const maxReason = 200

// checkReason keeps what is recorded on one line.
func checkReason(reason string) error {
	if utf8.RuneCountInString(reason) > maxReason || strings.ContainsFunc(reason, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("--reason must be one line of at most %d characters", maxReason)
	}
	return nil
}

// report says how it ended: nothing is what not finding anything to change means.
func report(cmd *cobra.Command, err error, nothing, format string, args ...any) error {
	if errors.Is(err, account.ErrUnchanged) || errors.Is(err, account.ErrNobody) {
		return errors.New(nothing)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...)
	return err
}
