// Which words keep a full stop behind them, and what shows that a sentence ends there. Word lists only; the rules are elsewhere.
// Found by asking the reference lexer (CoreNLP 3.4.1) about every word of up to five letters and many longer ones.

function words(list: string): readonly string[] {
  return list.split(" ");
}

/** The words in any letter case, as one alternation. */
export function anyCase(list: string): string {
  return words(list)
    .map((word) => word.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`))
    .join("|");
}

/** The words with a capital, or all in capitals: written small they are plain words ("wash", "miss"). */
function capitalised(list: string): string {
  return words(list)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .flatMap((word) => [word, word.toUpperCase()])
    .join("|");
}

/** The words written small or with a capital, but not all in capitals. */
function notUpperCase(list: string): string {
  return words(list)
    .map((word) => `[${word.charAt(0)}${word.charAt(0).toUpperCase()}]${word.slice(1)}`)
    .join("|");
}

/** Times, places, companies: what often ends a sentence. Before a capital the full stop counts twice ("etc.", "."). */
export const CLOSING: string = [
  anyCase("jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri"),
  anyCase(
    "al ala ariz calif colo conn ct dak fla ga ind kan kans ky md mich minn mo mont neb nev okla penn tenn va vt",
  ),
  anyCase(
    "wis wisc wyo assn bancorp bhd bldg blvd bros co corp cos esq est etc ext inc intl jr ltd plc rd rt seq sq sr",
  ),
  anyCase("sys tel univ"),
  capitalised("ark az del ill la mass miss ore pa tex wash"),
  notUpperCase("ppte pptes ppty pptys pte ptes pty ptys"),
  "[Ee]d\\.D|[Pp][Hh]\\.[Dd]",
].join("|");

/** Titles and such: something always follows, so the full stop never ends a sentence. */
export const LEADING: string = [
  anyCase("adj adm adv alex assoc asst atty attys ave brig capt cf cie cmdr col comdr cpl dept det dr drs elec ens ft"),
  anyCase(
    "gen gov govs hon insp invt jos lieut lt maj messrs mlle mme mr mrs ms msgr mt natl pfc ph pres prof profs pvt",
  ),
  anyCase("rep reps rev sen sens sfc sgt spc st ste supt supts treas vs wm"),
  notUpperCase("mfg mtg"),
].join("|");

/** Words that keep the full stop before a number only ("no. 5"). */
export const NUMBERING: string = anyCase("art ca fig figs no nos op pp prop");

/** Words that, with a capital, show that a new sentence begins. */
export const SENTENCE_STARTERS: string = capitalised(
  "about according additionally after an as at but earlier he her here however if in it last many more now once one " +
    "other our she since so some such that the their then there these they this we what when while yet you",
).concat("|A");
