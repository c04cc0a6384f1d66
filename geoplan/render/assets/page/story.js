// A parcel's story, told in a panel: what it is, how it did, why it was flagged, what it becomes. Text only, never HTML.
(function (geoplan) {
  "use strict";

  var SVG = "http://www.w3.org/2000/svg";
  var MANY_FIRMS = 8;

  // An element with its words and children; attributes are set one by one, so nothing in data becomes markup.
  geoplan.make = function (tag, options, children) {
    var element = document.createElement(tag);
    Object.keys(options || {}).forEach(function (name) {
      var value = options[name];
      if (value === null || value === undefined || value === false) return;
      if (name === "text") element.textContent = value;
      else if (name === "on") Object.keys(value).forEach(function (event) { element.addEventListener(event, value[event]); });
      else if (name in element && typeof value !== "string") element[name] = value;
      else element.setAttribute(name, value);
    });
    (children || []).forEach(function (child) { if (child) element.append(child); });
    return element;
  };

  geoplan.drawn = function (tag, attributes, children) {
    var element = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (name) {
      if (name === "text") element.textContent = attributes[name];
      else element.setAttribute(name, attributes[name]);
    });
    (children || []).forEach(function (child) { element.append(child); });
    return element;
  };

  geoplan.tellStory = function (page, row) {
    var make = geoplan.make;
    var say = page.say;
    var of = function (name) { return page.of(name, row); };
    var places = [of("name"), of("address")].filter(Boolean);
    return [
      make("div", { class: "gp-story-head" }, [
        make("p", { class: "gp-eyebrow", text: say("parcel") }),
        make("h2", { text: of("parcel_id") }),
        places.length ? make("p", { class: "gp-place", text: places.join(" \u00b7 ") }) : null,
        make("div", { class: "gp-chips" }, chips(page, row)),
      ]),
      section(say("use_today"), [facts(todayFacts(page, row)), firmList(page, row)]),
      correctionSection(page, row),
      yearSection(page, row),
      findingSection(page, row),
      gradeSection(page, row),
      serviceSection(page, row),
      planSection(page, row),
    ].filter(Boolean);
  };

  function section(title, children) {
    var heading = title.charAt(0).toUpperCase() + title.slice(1);
    return geoplan.make("section", { class: "gp-part" }, [geoplan.make("h3", { text: heading })].concat(children.filter(Boolean)));
  }

  // Pairs of a term and its value; pairs without a value are left out.
  function facts(pairs) {
    var list = geoplan.make("dl", { class: "gp-facts" });
    pairs.forEach(function (pair) {
      if (pair[1] === null || pair[1] === undefined || pair[1] === "") return;
      list.append(geoplan.make("dt", { text: pair[0] }), geoplan.make("dd", { text: pair[1] }));
    });
    return list;
  }

  function chips(page, row) {
    return page.views.map(function (view) {
      var entry = view.entries[view.classes[row]];
      if (!entry || (view.name === "plan" && !page.of("is_candidate", row))) return null;
      var swatch = geoplan.make("canvas", { class: "gp-swatch", "aria-hidden": "true" });
      geoplan.paintSwatch(swatch, entry);
      var words = page.say(view.name) + ": " + entry.label[page.language];
      return geoplan.make("span", { class: "gp-chip" }, [swatch, geoplan.make("span", { text: words })]);
    });
  }

  function todayFacts(page, row) {
    var say = page.say;
    var use = page.of("use", row);
    var floor = page.of("existing_floor_area_m2", row);
    if (floor === null) floor = page.of("floor_area_m2", row);
    var area = page.of("area_m2", row);
    var phase = page.of("phase", row);
    return [
      [say("use_today"), page.nameOf("use", use) + (use && use !== "unknown" ? " (" + use + ")" : "")],
      [say("area"), page.area(area)],
      [say("floor_area"), floor === null ? say("unknown") : say("m2", { count: page.number(floor) })],
      [say("floor_area_ratio"), floor === null || !area ? null : page.number(floor / area, 2)],
      [say("zone"), page.of("zone", row)],
      [say("phase"), phase === null ? null : say("phase_number", { number: phase })],
      [say("right_holder"), page.of("right_holder", row)],
    ];
  }

  function firmList(page, row) {
    if (!page.firms) return null;
    var make = geoplan.make;
    var here = page.firms.on[row] || [];
    var heading = make("h4", { text: page.say("firms") });
    if (!here.length) return make("div", {}, [heading, make("p", { class: "gp-quiet", text: page.say("no_firms") })]);
    var items = here.slice(0, MANY_FIRMS).map(function (link) {
      var status = page.firms.status(link.firm);
      var help = page.firms.help[page.language](link.firm);
      var notes = [page.nameOf("status", status || "unknown"), page.nameOf("role", link.role)];
      if (page.firms.isIndustrial[link.firm] === 0) notes.push(page.say("non_industrial"));
      return make("li", {}, [
        make("span", { text: page.firms.name(link.firm) || page.firms.id(link.firm) }),
        make("span", { class: "gp-status gp-status-" + (/^[a-z_]+$/.test(status || "") ? status : "unknown"), text: notes.filter(Boolean).join(" \u00b7 ") }),
        help ? make("p", { class: "gp-quiet", text: help }) : null,
      ]);
    });
    if (here.length > MANY_FIRMS) {
      items.push(make("li", { class: "gp-quiet", text: page.say("more_firms", { count: here.length - MANY_FIRMS }) }));
    }
    return make("div", {}, [heading, make("ul", { class: "gp-firms" }, items)]);
  }

  // What was corrected from the field, beside what the ledger said.
  function correctionSection(page, row) {
    var all = page.data.corrections;
    if (!all) return null;
    var items = [];
    all.parcel.forEach(function (parcel, i) {
      if (parcel === row) items.push(geoplan.make("li", { text: all.told[all.number[i]][page.language] }));
    });
    return items.length ? section(page.say("corrected"), [geoplan.make("ul", { class: "gp-firms" }, items)]) : null;
  }

  // ---- five years against the mean

  function yearSection(page, row) {
    var series = page.data.series;
    var measure = page.of("measure", row);
    var run = page.of("below_mean_run_years", row);
    if (!series || page.of("triage", row) === null) return null;
    var group = series.group[row];
    var means = group < 0 ? [] : series.means[group];
    var count = series.years.length;
    var values = series.years.map(function (_, i) {
      if (series.values.length) return series.values[row * count + i];
      return i === count - 1 ? measure : null;
    });
    if (values.every(function (value) { return value === null; })) return null;
    var title = page.say("years", { measure: series.measure[page.language] });
    var part = section(title, [
      geoplan.make("p", { class: "gp-quiet", text: page.data.units.measure[page.language] }),
      bars(page, series.years, values, means),
      legendOfBars(page),
    ]);
    if (run > 0) {
      var words = run === 1 ? page.say("run_year") : page.say("run_years", { count: run });
      part.append(geoplan.make("p", { class: "gp-run", text: words }));
    }
    return part;
  }

  function bars(page, years, values, means) {
    var draw = geoplan.drawn;
    var width = 292, height = 128, base = 104, top = 16;
    var known = values.concat(means).filter(function (value) { return value !== null && value !== undefined; });
    var most = Math.max.apply(null, known.concat([0])) || 1;
    var step = width / years.length;
    var y = function (value) { return base - (Math.max(0, value) / most) * (base - top); };
    var marks = [draw("line", { x1: 0, x2: width, y1: base, y2: base, class: "gp-axis" })];
    var told = [];
    years.forEach(function (year, i) {
      var middle = step * (i + 0.5), value = values[i], mean = means[i];
      marks.push(draw("text", { x: middle, y: base + 15, class: "gp-year", text: String(year) }));
      if (value === null || value === undefined) {
        marks.push(draw("text", { x: middle, y: base - 6, class: "gp-year", text: "?" }));
      } else {
        var below = mean !== null && mean !== undefined && value < mean;
        marks.push(draw("rect", { x: middle - 13, y: y(value), width: 26, height: Math.max(1, base - y(value)), class: below ? "gp-bar gp-below" : "gp-bar" }));
        var isTall = base - y(value) > 18; // inside a tall column the stroke of the mean does not cross its number
        marks.push(draw("text", { x: middle, y: isTall ? base - 5 : Math.max(10, y(value) - 4), class: isTall ? "gp-value gp-inside" : "gp-value", text: page.number(value, value < 100 ? 1 : 0) }));
      }
      if (mean !== null && mean !== undefined) {
        marks.push(draw("line", { x1: middle - 21, x2: middle + 21, y1: y(mean), y2: y(mean), class: "gp-mean" }));
      }
      told.push(year + ": " + page.number(value, 1) + " / " + page.number(mean, 1));
    });
    return draw("svg", { viewBox: "0 0 " + width + " " + height, class: "gp-bars", role: "img", "aria-label": told.join("; ") }, marks);
  }

  function legendOfBars(page) {
    var make = geoplan.make;
    return make("p", { class: "gp-bar-legend" }, [
      make("span", { class: "gp-key-bar" }), make("span", { text: page.say("this_parcel") }),
      make("span", { class: "gp-key-mean" }), make("span", { text: page.say("mean") }),
    ]);
  }

  // ---- why, and what next

  function findingSection(page, row) {
    if (!page.findings) return null;
    var make = geoplan.make;
    var here = page.findings.on[row] || [];
    if (!here.length) return section(page.say("why"), [make("p", { class: "gp-quiet", text: page.say("not_assessed") })]);
    var items = here.map(function (at) {
      var verdict = page.findings.verdict(at);
      return make("li", { class: "gp-verdict gp-" + (verdict === "yes" || verdict === "no" ? verdict : "unknown") }, [
        make("p", {}, [
          make("strong", { text: page.nameOf("finding", page.findings.finding(at)) }),
          make("span", { class: "gp-answer", text: page.nameOf("verdict", verdict) }),
        ]),
        make("p", { text: page.findings.reason[page.language](at) }),
        ruleNote(page, at),
      ]);
    });
    var triage = page.of("triage", row);
    return section(page.say("why"), [
      make("ul", { class: "gp-verdicts" }, items),
      triage === null ? null : facts([[page.say("suggestion"), page.nameOf("triage", triage)]]),
    ].concat(reasoned(page, "because", page.of("reason_" + page.language, row)), reasoned(page, "better", page.of("triage_next_" + page.language, row))));
  }

  function reasoned(page, heading, words) {
    if (!words) return [];
    return [geoplan.make("h4", { text: page.say(heading) }), geoplan.make("p", { class: "gp-reason", text: words })];
  }

  // The numbers a verdict rests on with their standing, and how far the parcel is from the first of them.
  function ruleNote(page, at) {
    var make = geoplan.make, say = page.say;
    var rule = page.findings.rule(at);
    if (!rule) return null;
    var numbers = page.data.sheet.rules.filter(function (one) {
      return one.name === rule || one.name.indexOf(page.findings.finding(at) + ".") === 0;
    });
    var rules = numbers.map(function (one) {
      return say("rule_number", { name: one.name, value: one.value, standing: page.both(one.standing), source: one.source });
    });
    var margin = page.findings.margin(at);
    return make("details", { class: "gp-rule" }, [
      make("summary", { text: say("rule", { rules: numbers.length ? numbers.map(function (one) { return one.value; }).join("; ") : rule }) }),
      margin === null ? null : make("p", { text: say("margin", { margin: few(page, margin), unit: unitOf(numbers) }) }),
    ].concat(rules.map(function (words) { return make("p", { text: words }); })));
  }

  function unitOf(numbers) { return numbers.length ? numbers[0].value.replace(/^\S+\s*/, "") : ""; }

  // ---- grades of the firms, and what brought the points

  function gradeSection(page, row) {
    var grades = page.grades;
    if (!grades || !page.firms || !(page.firms.on[row] || []).length) return null;
    var make = geoplan.make;
    var parts = page.firms.on[row].slice(0, MANY_FIRMS).map(function (link) {
      var letter = grades.grade(link.firm);
      return make("details", { class: "gp-grade" }, [
        make("summary", {}, [
          make("span", { text: page.firms.name(link.firm) || page.firms.id(link.firm) }),
          make("b", { text: letter ? page.say("grade", { grade: letter }) : page.say("not_graded") }),
        ]),
        make("p", { text: grades.reason[page.language](link.firm) || "" }),
        pointTable(page, grades.on[link.firm] || []),
      ]);
    });
    return section(page.say("grades", { year: grades.year }), parts);
  }

  function pointTable(page, items) {
    if (!items.length) return null;
    var make = geoplan.make, grades = page.grades, language = page.language;
    var head = ["", "figure", "baseline", "points"].map(function (key) { return make("th", { scope: "col", text: key ? page.say(key) : "" }); });
    var lines = items.map(function (at) {
      var filled = grades.filled[language](at);
      return make("tr", {}, [
        make("th", { scope: "row" }, [make("span", { text: grades.name[language](at) }), make("small", { text: " " + grades.unit[language](at) })]),
        make("td", { text: filled || few(page, grades.value[at]) }),
        make("td", { text: few(page, grades.baseline[at]) }),
        make("td", { text: page.say("points_of", { points: few(page, grades.contribution[at]), weight: few(page, grades.weight[at]) }) }),
      ]);
    });
    return make("table", { class: "gp-points" }, [make("thead", {}, [make("tr", {}, head)]), make("tbody", {}, lines)]);
  }

  // A number in three or four figures.
  function few(page, value) {
    if (value === null || value === undefined) return page.say("unknown");
    if (value === 0) return "0";
    return page.number(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
  }

  // ---- how far the next school, clinic, ... is

  function serviceSection(page, row) {
    if (!page.services) return null;
    var make = geoplan.make, say = page.say;
    var lines = page.services.map(function (kind) {
      var walk = kind.walk_m[row], straight = kind.straight_m[row], near = kind.near(row);
      var way = walk !== null ? say("walk", { metres: page.number(walk) }) : straight !== null ? say("straight", { metres: page.number(straight) }) : say("unknown");
      var reach = { metres: page.number(kind.max_m) };
      var judged = near === "yes" ? say("near_yes", reach) : near === "no" ? say("near_no", reach) : null;
      return make("li", { class: "gp-near-" + (near === "yes" || near === "no" ? near : "unknown") }, [
        make("span", { text: page.both(kind.label), title: kind.name(row) || "" }),
        make("span", { class: "gp-status", text: [way, judged].filter(Boolean).join(" \u00b7 ") }),
      ]);
    });
    return section(say("services_here"), [make("ul", { class: "gp-firms" }, lines)]);
  }

  function planSection(page, row) {
    if (!page.data.parcels.planned_use) return null;
    var make = geoplan.make, say = page.say;
    if (!page.of("is_candidate", row)) {
      return section(say("becomes_parcel"), [make("p", { class: "gp-quiet", text: say("stays_parcel") })]);
    }
    var product = page.of("product", row), use = page.of("planned_use", row);
    var score = page.of("suitability_score", row), runner = page.of("runner_up", row);
    var price = page.of("runner_up_price_m2", row);
    var amount = function (name, key) {
      var value = page.of(name, row);
      return value ? (key ? say(key, { count: page.number(value) }) : page.number(value)) : null;
    };
    var phase = page.of("planned_phase", row);
    var reason = page.of("plan_reason_" + page.language, row);
    return section(say("becomes_parcel"), [
      make("p", { class: "gp-becomes", text: page.nameOf("product", product) || page.nameOf("use", use) }),
      facts([
        [say("planned_use"), page.nameOf("use", use) + (use ? " (" + use + ")" : "")],
        [say("planned_floor_area"), amount("planned_floor_area_m2", "m2")],
        [say("dwellings"), amount("planned_dwelling_count")],
        [say("population"), amount("planned_population", "persons")],
        [say("phase"), phase === null ? null : say("phase_number", { number: phase })],
        [say("suitability"), score === null ? null : say("of_one", { score: page.number(score, 2) })],
        [say("runner_up"), !runner ? null : price === null ? page.nameOf("product", runner)
          : say("price", { name: page.nameOf("product", runner), price: page.number(price) })],
      ]),
      reason ? make("p", { class: "gp-reason", text: reason }) : null,
    ]);
  }
})(window.geoplan);
