/** A line a word, sorted by code unit: the word, then the numbers of its synsets. A line break stands at both ends. */
export declare const synsets: string;
/** A line an irregular form, sorted by code unit: the form, then its base forms. A line break stands at both ends. */
export declare const exceptions: string;
