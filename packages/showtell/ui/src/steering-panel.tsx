// The panel that steers captions. What its controls are is steering.ts; here is only how they are set.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "./icon.tsx";
import type { Control, Settings, Steering, Way } from "./steering.ts";
import { controls, firstSettings, isOf, settingsWith } from "./steering.ts";

const ways: Readonly<Record<Way, string>> = {
  searched: "The likeliest sentence",
  drawn: "Drawn at random",
};

/** What is typed, as an option's value. */
const readings: { readonly [Kind in Control["kind"]]: (typed: string) => unknown } = {
  number: Number,
  percent: (typed) => Number(typed) / 100,
  text: (typed) => typed,
  list: (typed) =>
    typed
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== ""),
};

interface FieldProps {
  readonly name: keyof Steering;
  readonly control: Control;
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
}

function Field({ name, control, settings, onChange }: FieldProps): JSX.Element {
  const { kind, label, hint } = control;
  const id = `steer-${name}`;
  const value = settings.values[name];
  const shape =
    "min" in control
      ? {
          type: "number",
          inputMode: "decimal",
          min: control.min,
          max: control.max,
          step: control.step ?? 1,
          value:
            kind === "percent" && value !== undefined
              ? Math.round(100 * (value as number))
              : (value as number | undefined),
        }
      : {
          type: "text",
          autocomplete: "off",
          placeholder: `such as: ${control.example}`,
          defaultValue: Array.isArray(value) ? value.join(", ") : value,
        };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        {...(shape as JSX.IntrinsicElements["input"])}
        aria-describedby={`${id}-hint`}
        onInput={({ currentTarget: { value: typed, validity } }) => {
          if (!validity.valid) return;
          onChange(settingsWith(settings, name, typed.trim() === "" ? undefined : (readings[kind](typed) as never)));
        }}
      />
      <span class="hint" id={`${id}-hint`}>
        {hint}
      </span>
    </div>
  );
}

/** The panel, closed at first. */
export function SteeringPanel({
  settings,
  canApply,
  calibrated,
  onChange,
  onApply,
}: {
  readonly settings: Settings;
  /** Whether there are photos to be captioned anew. */
  readonly canApply: boolean;
  /** Whether the model can tell how sure it is. */
  readonly calibrated: boolean;
  readonly onChange: (settings: Settings) => void;
  readonly onApply: () => void;
}): JSX.Element {
  const [resets, setResets] = useState(0);
  const shown = (Object.entries(controls) as [keyof Steering, Control][]).filter(
    ([name, one]) => isOf(settings.way, one) && (calibrated || name !== "abstainBelow"),
  );
  return (
    <details class="steering">
      <summary>
        <Icon name="tune" /> Steer the captions
      </summary>
      <form
        class="steering-form"
        onSubmit={(event) => {
          event.preventDefault();
          onApply();
        }}
      >
        <fieldset class="ways">
          <legend class="visually-hidden">How captions are found</legend>
          {(Object.keys(ways) as Way[]).map((way) => (
            <label key={way} class="choice">
              <input
                type="radio"
                name="way"
                checked={settings.way === way}
                onChange={() => onChange({ ...settings, way })}
              />
              {ways[way]}
            </label>
          ))}
        </fieldset>
        {/* Other fields after a reset: what was typed is in them alone, if it is no setting as it stands. */}
        <div key={resets} class="fields">
          {shown.map(([name, control]) => (
            <Field key={name} name={name} control={control} settings={settings} onChange={onChange} />
          ))}
        </div>
        <div class="row">
          <button type="submit" class="button button-primary" disabled={!canApply}>
            <Icon name="again" /> Caption again
          </button>
          {/* Not the browser's own reset: that empties fields whatever the settings are. */}
          <button
            type="button"
            class="button"
            onClick={() => {
              onChange(firstSettings);
              setResets(resets + 1);
            }}
          >
            Reset
          </button>
        </div>
      </form>
    </details>
  );
}
