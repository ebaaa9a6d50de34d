// A count in words. A language has up to six forms of what is counted (CLDR, "Language Plural Rules"); English has two.

/** One form for each category that the language has; `#` stands for the count. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** The count in its form, as `locale` has it: that of the words, not the person's. */
export function plural(count: number, forms: Forms, locale = 'en'): string {
  const form = forms[new Intl.PluralRules(locale).select(count)] ?? forms.other;
  return form.replaceAll('#', new Intl.NumberFormat(locale).format(count));
}
