# The few functions of nixpkgs' lib that nix/packages uses, for evaluating without it.
rec {
  version = "26.05";
  inherit (builtins) foldl' concatStringsSep;
  splitString =
    separator: text: builtins.filter builtins.isString (builtins.split "[${separator}]" text);
  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if set ? ${builtins.head path} then
      attrByPath (builtins.tail path) default set.${builtins.head path}
    else
      default;
  setAttrByPath =
    path: value:
    if path == [ ] then
      value
    else
      { ${builtins.head path} = setAttrByPath (builtins.tail path) value; };
  recursiveUpdate =
    left: right:
    left
    // builtins.mapAttrs (
      name: value:
      if builtins.isAttrs value && builtins.isAttrs (left.${name} or null) then
        recursiveUpdate left.${name} value
      else
        value
    ) right;
  concatMapStrings = f: list: concatStringsSep "" (map f list);
  mapAttrsToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);
  optional = condition: value: if condition then [ value ] else [ ];
}
