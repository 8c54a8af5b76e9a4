package main

import (
	"encoding/json"
	"io"
)

// jsonList writes a JSON array one element at a time, as [writeJSON] would write it whole.
type jsonList struct {
	out   io.Writer
	begun bool
}

func newJSONList(out io.Writer) *jsonList { return &jsonList{out: out} }

func (l *jsonList) add(v any) error {
	text, err := json.MarshalIndent(v, "  ", "  ")
	if err != nil {
		return err
	}
	before := "[\n  "
	if l.begun {
		before = ",\n  "
	}
	l.begun = true
	_, err = l.out.Write(append([]byte(before), text...))
	return err
}

func (l *jsonList) end() error {
	text := "\n]\n"
	if !l.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(l.out, text)
	return err
}
