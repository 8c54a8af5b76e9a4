package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/spf13/cobra"
)

// attributeFlag is the flag of commands that set custom attributes.
func attributeFlag(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "attribute", nil, "custom attribute as `NAME=VALUE`, lists with commas; an empty VALUE removes it; can be repeated")
}

// attributesTyped reads what --attribute was given.
func attributesTyped(schema attribute.Schema, typed []string) (map[string]any, error) {
	set := map[string]any{}
	for _, one := range typed {
		name, text, ok := strings.Cut(one, "=")
		d := schema.Find(name)
		if !ok || d == nil {
			return nil, fmt.Errorf("--attribute %q: write it as NAME=VALUE, with one of the names in attributes of the configuration", one)
		}
		value, err := d.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("--attribute: %w", err)
		}
		set[name] = value
	}
	return set, nil
}

// flagProblem says by which flag something came that is not taken.
func flagProblem(err error) error {
	var wrong *account.FieldError
	switch {
	case errors.Is(err, account.ErrTaken):
		return errors.New("an account with this email address or username exists already")
	case errors.As(err, &wrong):
		return fmt.Errorf("%s: %w", flagOf(wrong.Field), err)
	}
	return err
}
