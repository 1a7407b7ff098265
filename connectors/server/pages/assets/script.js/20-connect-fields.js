// The connect form's fields: what they hold, whether it fits, and a pasted address understood as it is typed.
// The rules are the server's (connectors/runtime/field_rules.py), which looks at everything again.
const connectForm = {};
(() => {
  const HOST_NAME = /^[a-zA-Z0-9.-]+$/;
  const UUID = /^([0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|00000000-0000-0000-0000-000000000000)$/i;
  const EMAIL = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+.-]*[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/;
  const FORMATS = {
    hostname: (text) => HOST_NAME.test(text),
    uuid: (text) => UUID.test(text),
    email: (text) => EMAIL.test(text),
    uri: (text) => URL.canParse(text),
  };
  const LABEL = /^[^/\\?#@:\s]+$/;
  const REST_OF_ADDRESS = /^(:443)?([/?#]|$)/;

  connectForm.inputs = (form) => [...form.querySelectorAll("[data-group]")];

  connectForm.value = (input) => {
    const value = "blanks" in input.dataset ? input.value : input.value.trim();
    return input.dataset.suffix ? connectForm.ownPart(value, input.dataset.prefix, input.dataset.suffix) : value;
  };

  // What was filled in, by group. What stayed empty is left out, but for half of a pair, which may be empty.
  connectForm.values = (form) => {
    const found = { connection_config: {}, credentials: {}, assertion_option: {} };
    for (const input of connectForm.inputs(form)) {
      const value = connectForm.value(input);
      const half = input.dataset.group === "credentials" && ["username", "password"].includes(input.name);
      if (value || half) found[input.dataset.group][input.name] = value;
    }
    return found;
  };

  // What is wrong with an input: a sentence, or nothing.
  connectForm.problem = (input) => {
    const said = document.getElementById(`${input.id}-error`).dataset;
    const value = connectForm.value(input);
    if (!value) return "required" in input.dataset ? said.missing : "";
    const format = FORMATS[input.dataset.format];
    return (format && !format(value)) || !matches(input.dataset.pattern, value) ? said.misfit : "";
  };

  function matches(pattern, value) {
    if (!pattern) return true;
    try {
      return new RegExp(pattern).test(value);
    } catch {
      return true; // one that does not compile cannot be kept to
    }
  }

  connectForm.mark = (input, sentence) => {
    const error = document.getElementById(`${input.id}-error`);
    if (error.textContent !== sentence) error.textContent = sentence;
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    input.closest(".ask").classList.toggle("wrong", Boolean(sentence));
  };

  // The field's own part of an address, or what is there (rule pasted-address).
  connectForm.ownPart = (value, prefix, suffix) => {
    let text = value.trim();
    const starts = [prefix, prefix.replace("https://", "http://"), prefix.split("://").slice(1).join("://")];
    const start = starts.find((each) => each && text.toLowerCase().startsWith(each.toLowerCase()));
    if (start) text = text.slice(start.length);
    const at = text.toLowerCase().indexOf(suffix.toLowerCase());
    const label = at < 0 ? text : text.slice(0, at);
    const rest = at < 0 ? "" : text.slice(at + suffix.length);
    if (!LABEL.test(label) || !REST_OF_ADDRESS.test(rest) || label === value.trim()) return value;
    return label.toLowerCase().replace(/\.+$/, "");
  };

  // What was understood of an address is said while it is typed, and takes its place when it was pasted or is left.
  connectForm.understand = (input, replace) => {
    const note = document.getElementById(`${input.id}-note`);
    if (!note) return;
    const own = connectForm.value(input);
    const taken = own !== input.value.trim();
    const said = taken ? note.dataset.said.replace("{part}", own) : replace ? note.textContent : "";
    if (note.textContent !== said) note.textContent = said;
    if (taken && replace) input.value = own;
  };
})();
