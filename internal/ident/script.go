package ident

import (
	"strings"
	"unicode"
)

// lookAlikes are scripts with letters that cannot be told from those of another
// of them: "аdmin" with a Cyrillic а. Scripts that nobody mistakes for these mix
// with them freely, as in Japanese names with Latin letters.
var lookAlikes = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Coptic, unicode.Cherokee, unicode.Lisu,
}

// latinTwins are the small letters of other scripts that are drawn like Latin
// ones: a name of nothing else passes for a Latin one ("сосо").
const latinTwins = "асԁеһіјӏорԛѕԝхуѵ" + "αγηικνορτυχω"

// confusable says why an identifier could be taken for another (UTS #39
// sections 4 and 5.2); empty if it could not.
func confusable(text string) Reason {
	found, letters, twins := map[*unicode.RangeTable]bool{}, 0, 0
	for _, r := range strings.ToLower(text) {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		if strings.ContainsRune(latinTwins, r) {
			twins++
		}
		for _, script := range lookAlikes {
			if unicode.Is(script, r) {
				found[script] = true
			}
		}
	}
	switch {
	case len(found) > 1:
		return MixedScripts
	case letters > 0 && twins == letters:
		return LookAlike
	}
	return ""
}
