package interaction

import "net/url"

// Param names an interaction in the address of each page of its flow.
const Param = "interaction"

// Address is the address of a page of the interaction; of none where it is nil.
func (in *Interaction) Address(path string) string {
	if in == nil {
		return path
	}
	return path + "?" + url.Values{Param: {in.ID}}.Encode()
}
