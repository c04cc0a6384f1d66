// Opens the page: reads the data, adds the fabric to the map and puts the controls around it.
(function (geoplan) {
  "use strict";

  var make = geoplan.make;
  var LAYERS = ["centres", "greenway", "phase_1", "pockets", "roads", "buildings", "water", "green", "facilities", "marks"];
  var HIDDEN = {
    today: ["centres", "greenway", "phase_1", "pockets"],
    findings: ["centres", "greenway", "facilities", "pockets"],
    plan: ["facilities", "pockets"],
    clusters: ["centres", "greenway", "phase_1", "facilities"],
    services: ["centres", "greenway", "phase_1", "pockets"],
  };
  var MANY_HITS = 12;
  var MANY_ZONES = 40;

  geoplan.open = function (map, id) {
    var page = pageOf(geoplan.read(id), map);
    geoplan.map = map;
    geoplan.page = page;
    page.fabric = new geoplan.Fabric(page.scene);
    page.fabric.once("add", function () { setUp(page); });
    map.fitBounds(page.bounds, { animate: false });
    return page.fabric;
  };

  // ---- what the page knows

  function pageOf(data, map) {
    var plane = geoplan.plane(data.grid);
    var count = data.parcels.parcel_id.at.length;
    var parcels = geoplan.shapes(data.shapes, data.grid, plane, count).polygon;
    var labels = geoplan.shapes(data.labels, data.grid, plane, count).point;
    var columns = {};
    Object.keys(data.parcels).forEach(function (name) { columns[name] = geoplan.column(data.parcels[name]); });
    data.views.forEach(prepareView);
    var page = {
      data: data,
      map: map,
      language: data.language,
      views: data.views,
      columns: columns,
      count: count,
      selected: -1,
      hovered: -1,
      bounds: [[data.grid.south, data.grid.west], [data.grid.north, data.grid.east]],
    };
    page.scene = {
      plane: plane,
      parcels: parcels || geoplan.shapes({ polygon: { rows: [], sizes: [], xy: [] } }, data.grid, plane, count).polygon,
      labels: labels || geoplan.shapes({ point: { rows: [], sizes: [], xy: [] } }, data.grid, plane, count).point,
      places: placesOf(data, plane),
      view: openingView(data.views),
      language: page.language,
      shows: function (name) {
        return !page.scene.view.hidden.has(name) && (name === "marks" || Boolean(page.scene.places[name]));
      },
    };
    page.zones = zonesOf(page);
    lookAt(page, openingZone(page));
    page.firms = firmsOf(data);
    page.findings = findingsOf(data);
    page.grades = gradesOf(data);
    page.services = servicesOf(data);
    addSpeech(page);
    return page;
  }

  function prepareView(view) {
    view.hidden = new Set(HIDDEN[view.name]);
    view.rows = view.entries.map(function () { return []; });
    view.classes.forEach(function (entry, row) { if (entry >= 0) view.rows[entry].push(row); });
    var outlined = [];
    view.outlined.forEach(function (is, row) { if (is) outlined.push(row); });
    view.outlined = outlined;
  }

  // Parts of the park, if the data has some: name, and where they lie.
  function zonesOf(page) {
    var zones = new Map();
    for (var row = 0; row < page.count; row++) {
      var name = page.columns.zone ? page.columns.zone(row) : null;
      if (name === null) continue;
      if (!zones.has(name)) zones.set(name, { name: name, count: 0, box: [Infinity, Infinity, -Infinity, -Infinity] });
      var zone = zones.get(name), box = page.scene.parcels.box;
      zone.count += 1;
      zone.box = [0, 1, 2, 3].map(function (side) {
        return Math[side < 2 ? "min" : "max"](zone.box[side], box[4 * row + side]);
      });
    }
    return zones.size > 1 && zones.size <= MANY_ZONES ? Array.from(zones.values()) : [];
  }

  // A park whose parts lie far from each other opens on the part with most parcels; any other opens whole.
  // The page opens on the plan; without one on the findings, else on the land today.
  function openingView(views) {
    var main = views.filter(function (view) { return ["today", "findings", "plan"].indexOf(view.name) >= 0; });
    return main[main.length - 1];
  }

  function openingZone(page) {
    if (!page.zones.length) return null;
    var size = function (box) { return Math.max(box[2] - box[0], box[3] - box[1]); };
    var whole = page.zones.reduce(function (all, zone) {
      return [Math.min(all[0], zone.box[0]), Math.min(all[1], zone.box[1]), Math.max(all[2], zone.box[2]), Math.max(all[3], zone.box[3])];
    }, [Infinity, Infinity, -Infinity, -Infinity]);
    var largest = Math.max.apply(null, page.zones.map(function (zone) { return size(zone.box); }));
    if (size(whole) < 2 * largest) return null;
    return page.zones.reduce(function (most, zone) { return zone.count > most.count ? zone : most; });
  }

  function lookAt(page, zone) {
    page.zone = zone;
    page.scene.isInZone = zone && function (row) { return page.columns.zone(row) === zone.name; };
  }

  function placesOf(data, plane) {
    var places = {};
    Object.keys(data.places).forEach(function (name) {
      var source = data.places[name];
      var layer = geoplan.shapes(source.shapes, data.grid, plane);
      layer.source = source;
      layer.width_m = source.width_m;
      layer.hasNames = Boolean(source.names);
      layer.name = geoplan.column(source.names);
      if (source.labels) layer.label = geoplan.shapes(source.labels, data.grid, plane).point;
      places[name] = layer;
    });
    return places;
  }

  function firmsOf(data) {
    if (!data.firms) return null;
    var links = data.firms.links, role = geoplan.column(links.role), on = {};
    var where = {};
    links.parcel.forEach(function (row, i) {
      (on[row] = on[row] || []).push({ firm: links.firm[i], role: role(i) });
      (where[links.firm[i]] = where[links.firm[i]] || []).push(row);
    });
    return {
      on: on,
      where: where,
      count: data.firms.enterprise_id.at.length,
      id: geoplan.column(data.firms.enterprise_id),
      name: geoplan.column(data.firms.name),
      status: geoplan.column(data.firms.status),
      isIndustrial: data.firms.is_industrial,
      help: { en: geoplan.column(data.firms.help_en), zh: geoplan.column(data.firms.help_zh) },
    };
  }

  function findingsOf(data) {
    if (!data.findings) return null;
    var on = {};
    data.findings.parcel.forEach(function (row, i) { (on[row] = on[row] || []).push(i); });
    return {
      on: on,
      finding: geoplan.column(data.findings.finding),
      verdict: geoplan.column(data.findings.verdict),
      rule: geoplan.column(data.findings.rule),
      margin: geoplan.column(data.findings.margin),
      reason: { en: geoplan.column(data.findings.reason_en), zh: geoplan.column(data.findings.reason_zh) },
    };
  }

  function gradesOf(data) {
    if (!data.grades) return null;
    var items = data.grades.items, on = {};
    var both = function (table, name) { return { en: geoplan.column(table[name + "_en"]), zh: geoplan.column(table[name + "_zh"]) }; };
    items.firm.forEach(function (firm, i) { (on[firm] = on[firm] || []).push(i); });
    return {
      year: data.grades.year, grade: geoplan.column(data.grades.grade), reason: both(data.grades, "reason"), on: on,
      name: both(items, "name"), unit: both(items, "unit"), filled: both(items, "filled"),
      value: items.value, baseline: items.baseline, weight: items.weight, contribution: items.contribution,
    };
  }

  function servicesOf(data) {
    if (!data.services) return null;
    return data.services.map(function (kind) {
      return { label: kind.label, max_m: kind.max_m, walk_m: kind.walk_m, straight_m: kind.straight_m, name: geoplan.column(kind.name), near: geoplan.column(kind.near) };
    });
  }

  // How the page speaks: words of the catalogue, names of values, numbers, areas.
  function addSpeech(page) {
    var data = page.data;
    page.say = function (key, values) {
      return data.words[page.language][key].replace(/\{(\w+)\}/g, function (_, name) { return String(values[name]); });
    };
    page.both = function (pair) { return pair[page.language]; };
    page.of = function (name, row) {
      var value = page.columns[name] ? page.columns[name](row) : null;
      return value === undefined ? null : value;
    };
    page.nameOf = function (group, key) {
      if (key === null || key === undefined) return "";
      var pair = data.names[group] && Object.prototype.hasOwnProperty.call(data.names[group], key) ? data.names[group][key] : null;
      return pair ? pair[page.language] : String(key);
    };
    page.number = function (value, digits) {
      if (value === null || value === undefined) return page.say("unknown");
      var places = digits || 0;
      var format = { minimumFractionDigits: places, maximumFractionDigits: places };
      return value.toLocaleString(page.language === "zh" ? "zh-CN" : "en-GB", format);
    };
    page.mu = function (m2) { return page.number(m2 / data.units.mu, 1); };
    page.ha = function (m2) { return page.number(m2 / data.units.ha, 2); };
    page.area = function (m2) {
      if (m2 === null) return page.say("unknown");
      return page.mu(m2) + " " + page.say("mu") + " \u00b7 " + page.ha(m2) + " " + page.say("ha");
    };
  }

  // ---- the map

  function setUp(page) {
    page.map.getContainer().setAttribute("role", "application");
    page.fabric.getPane().classList.add("geoplan-pane");
    page.frame = make("div", { class: "gp-frame" });
    document.body.append(page.frame);
    page.hoverLine = L.polygon([], { interactive: false, className: "gp-hover", fill: false, renderer: L.svg({ padding: 0.3 }) }).addTo(page.map);
    page.selectLine = L.polygon([], { interactive: false, className: "gp-selected", fill: false, renderer: page.hoverLine.options.renderer }).addTo(page.map);
    page.tip = make("div", { class: "gp-tip", hidden: true });
    build(page);
    page.map.getContainer().append(page.tip);
    L.control.scale({ imperial: false, maxWidth: 160, position: "bottomright" }).addTo(page.map);
    listen(page);
    page.whole();
    document.documentElement.classList.add("geoplan-ready");
  }

  function listen(page) {
    var map = page.map;
    var rowAt = function (event) {
      var grid = page.scene.plane;
      return page.scene.parcels.at(grid.x(event.latlng.lng), grid.y(event.latlng.lat));
    };
    map.on("mousemove", function (event) { hover(page, rowAt(event), event.containerPoint); });
    map.on("mouseout", function () { hover(page, -1); });
    map.on("click", function (event) { page.select(rowAt(event)); });
    map.getContainer().addEventListener("keydown", function (event) {
      var key = event.key.toLowerCase();
      if (event.target !== map.getContainer() || event.ctrlKey || event.metaKey || event.altKey) return;
      if (key === "n" || key === "p") step(page, key === "n" ? 1 : -1);
      else if (key === "enter") page.select(page.hovered >= 0 ? page.hovered : rowAt({ latlng: map.getCenter() }), true);
      else return;
      event.preventDefault();
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && page.selected >= 0) { page.select(-1); map.getContainer().focus(); }
    });
  }

  function hover(page, row, at) {
    if (row !== page.hovered) {
      page.hovered = row;
      page.hoverLine.setLatLngs(row < 0 ? [] : page.scene.parcels.latLngs(row));
      page.map.getContainer().classList.toggle("gp-over", row >= 0);
      if (row >= 0) {
        var view = page.scene.view, entry = view.entries[view.classes[row]];
        page.tip.textContent = "";
        page.tip.append(make("strong", { text: page.of("parcel_id", row) }),
          make("span", { text: entry ? page.both(entry.label) : "" }),
          make("span", { class: "gp-quiet", text: page.mu(page.of("area_m2", row)) + " " + page.say("mu") }));
      }
    }
    page.tip.hidden = row < 0 || !at;
    if (row >= 0 && at) {
      var right = at.x > page.map.getSize().x - 220;
      page.tip.style.transform = "translate(" + (right ? at.x - 14 : at.x + 14) + "px," + (at.y + 14) + "px)" + (right ? " translateX(-100%)" : "");
    }
  }

  function step(page, by) {
    if (!page.count) return;
    var from = page.hovered >= 0 ? page.hovered : page.selected;
    var row = from < 0 ? 0 : (from + by + page.count) % page.count;
    hover(page, row);
    show(page, row);
    page.live.textContent = page.say("parcel") + " " + page.of("parcel_id", row);
  }

  // Moves the map so that a parcel is in sight, without changing the scale more than needed.
  function show(page, row) {
    var rings = page.scene.parcels.latLngs(row);
    if (!rings.length) return;
    var bounds = L.latLngBounds(rings[0]);
    var sight = page.map.getBounds();
    if (!sight.pad(-0.2).contains(bounds)) page.map.panTo(bounds.getCenter(), { animate: false });
  }

  // ---- the controls around it; built anew when the language changes

  function build(page) {
    var focused = document.activeElement && document.activeElement.getAttribute("data-key");
    document.documentElement.lang = page.language === "zh" ? "zh-CN" : "en";
    document.title = page.both(page.data.sheet.title);
    page.scene.language = page.language;
    page.frame.textContent = "";
    hover(page, -1);
    page.live = make("p", { class: "gp-live", "aria-live": "polite" });
    page.story = make("aside", { class: "gp-story", hidden: true, "aria-label": page.say("parcel") });
    page.legend = make("div", { class: "gp-legend" });
    page.frame.append(head(page), keyPanel(page), page.story, northArrow(page), zoomButtons(page), foot(page), page.live);
    page.map.getContainer().setAttribute("aria-label", page.say("keys"));
    page.whole = function () { fit(page); };
    page.select = function (row, byKey) { select(page, row, byKey); };
    page.setView = function (name) { setView(page, name); };
    page.setLanguage = function (language) {
      page.language = language;
      build(page);
      page.fabric.redraw();
    };
    setView(page, page.scene.view.name);
    if (page.selected >= 0) select(page, page.selected);
    var again = focused && page.frame.querySelector('[data-key="' + focused + '"]');
    if (again) again.focus();
  }

  function fit(page) {
    var wide = window.innerWidth > 760;
    page.map.fitBounds(page.zone ? boundsOf(page, page.zone) : page.bounds, {
      animate: false,
      paddingTopLeft: [wide ? 336 : 14, 16],
      paddingBottomRight: [wide ? 40 : 14, wide ? 30 : 150],
    });
  }

  function boundsOf(page, zone) {
    var crs = page.map.options.crs;
    return L.latLngBounds([crs.pointToLatLng(L.point(zone.box[0], zone.box[1]), 0), crs.pointToLatLng(L.point(zone.box[2], zone.box[3]), 0)]);
  }

  function zoneChoice(page) {
    if (!page.zones.length) return null;
    var options = [make("option", { value: "-1", text: page.say("whole_park") })].concat(page.zones.map(function (zone, i) {
      return make("option", { value: String(i), text: zone.name });
    }));
    var select = make("select", { "data-key": "zone", "aria-label": page.say("zone") }, options);
    select.value = String(page.zones.indexOf(page.zone));
    select.addEventListener("change", function () {
      lookAt(page, page.zones[Number(select.value)] || null);
      fillLegend(page);
      fit(page);
      page.fabric.redraw();
    });
    return make("label", { class: "gp-zone" }, [make("span", { text: page.say("zone") }), select]);
  }

  function head(page) {
    var sheet = page.data.sheet;
    var title = page.both(sheet.title), park = page.both(sheet.park);
    var line = [park && park !== title ? park : null, page.say("scenario", { name: sheet.scenario }), sheet.date];
    return make("header", { class: "gp-head" }, [
      make("div", { class: "gp-title" }, [
        make("h1", { text: title, title: title }),
        make("p", { text: line.filter(Boolean).join("  \u00b7  ") }),
      ]),
      make("div", { class: "gp-tools" }, [
        make("button", { type: "button", class: "gp-plain gp-print", text: page.say("print"), on: { click: function () { window.print(); } } }),
        languageSwitch(page),
      ]),
    ]);
  }

  function languageSwitch(page) {
    var buttons = ["zh", "en"].map(function (language) {
      return make("button", {
        type: "button",
        "data-key": "language-" + language,
        lang: language,
        "aria-pressed": String(language === page.language),
        text: page.data.words[language].language,
        on: { click: function () { page.setLanguage(language); } },
      });
    });
    return make("div", { class: "gp-switch", role: "group" }, buttons);
  }

  function keyPanel(page) {
    var wide = window.innerWidth > 760;
    var body = [viewSwitch(page), searchBox(page), zoneChoice(page), page.legend, layerList(page), balanceTable(page), indicatorList(page), areaTable(page)];
    var panel = make("details", { class: "gp-key", open: wide || page.keyIsOpen === true }, [
      make("summary", { class: "gp-menu", text: page.say("menu") }),
      make("div", { class: "gp-key-body" }, body),
    ]);
    panel.addEventListener("toggle", function () { page.keyIsOpen = panel.open; });
    return panel;
  }

  function viewSwitch(page) {
    return make("fieldset", { class: "gp-views" }, [make("legend", { text: page.say("views") })].concat(
      page.views.map(function (view) {
        return make("label", {}, [
          make("input", {
            type: "radio", name: "gp-view", value: view.name, "data-key": "view-" + view.name,
            checked: view === page.scene.view,
            on: { change: function () { page.setView(view.name); } },
          }),
          make("span", { text: page.say(view.name) }),
        ]);
      })
    ));
  }

  function setView(page, name) {
    page.views.forEach(function (view) { if (view.name === name) page.scene.view = view; });
    var chosen = page.frame.querySelector('[data-key="view-' + page.scene.view.name + '"]');
    if (chosen) chosen.checked = true;
    fillLegend(page);
    LAYERS.forEach(function (layer) {
      var box = page.frame.querySelector('[data-key="layer-' + layer + '"]');
      if (box) box.checked = !page.scene.view.hidden.has(layer);
    });
    placeCentres(page);
    page.fabric.redraw();
  }

  function fillLegend(page) {
    var view = page.scene.view;
    var areas = areasOf(page, view);
    var total = sum(areas);
    var changes = sum(areas.filter(function (_, i) { return !view.entries[i].faded; }));
    var rows = [];
    var group = null;
    view.entries.forEach(function (entry, i) {
      if (!areas[i]) return;
      var own = view.name === "plan" ? (entry.faded ? "stays" : "becomes") : null;
      if (own !== group) rows.push(groupRow(page, own, own === "becomes" ? changes : total - changes));
      group = own;
      rows.push(legendRow(page, entry, areas[i], total));
    });
    rows.push(make("tr", { class: "gp-total" }, [
      make("td"), make("th", { scope: "row", text: page.zone ? page.zone.name : page.say("all_parcels") }),
      make("td", { text: page.mu(total) }), make("td", { text: page.ha(total) }), make("td", { text: "100%" }),
    ]));
    page.legend.textContent = "";
    page.legend.append(make("table", {}, [
      make("caption", { text: page.say(view.name + "_long") }),
      make("thead", {}, [make("tr", {}, [
        make("td"), make("td"), make("th", { scope: "col", text: page.say("mu") }),
        make("th", { scope: "col", text: page.say("ha") }), make("th", { scope: "col", text: page.say("share") }),
      ])]),
      make("tbody", {}, rows),
    ]));
    if (view.name === "plan" && page.data.sheet.proof) {
      page.legend.append(make("p", { class: "gp-quiet", text: page.both(page.data.sheet.proof) }));
    }
  }

  // Land of each class in the part of the park that is looked at.
  function areasOf(page, view) {
    return view.rows.map(function (rows) {
      return sum(rows.map(function (row) {
        return page.scene.isInZone && !page.scene.isInZone(row) ? 0 : page.of("area_m2", row) || 0;
      }));
    });
  }

  function sum(numbers) { return numbers.reduce(function (all, one) { return all + one; }, 0); }

  function groupRow(page, name, area) {
    return make("tr", { class: "gp-group" }, [
      make("th", { colSpan: 2, scope: "rowgroup", text: page.say(name) }),
      make("td", { text: page.mu(area) }), make("td", { text: page.ha(area) }), make("td"),
    ]);
  }

  function legendRow(page, entry, area, total) {
    var swatch = make("canvas", { class: "gp-swatch", "aria-hidden": "true" });
    geoplan.paintSwatch(swatch, entry);
    var mark = page.both(entry.mark);
    return make("tr", {}, [
      make("td", {}, [swatch]),
      make("th", { scope: "row" }, [
        make("span", { text: page.both(entry.label) }),
        mark && mark !== "-" ? make("small", { text: " " + mark }) : null,
      ]),
      make("td", { text: page.mu(area) }),
      make("td", { text: page.ha(area) }),
      make("td", { text: total ? page.number((100 * area) / total, 1) + "%" : "" }),
    ]);
  }

  function layerList(page) {
    var present = LAYERS.filter(function (name) { return name === "marks" || page.scene.places[name]; });
    var list = make("div", { class: "gp-layers" }, (
      present.map(function (name) {
        return make("label", {}, [
          make("input", {
            type: "checkbox", "data-key": "layer-" + name,
            on: { change: function (event) { toggle(page, name, event.target.checked); } },
          }),
          make("i", { class: "gp-sign gp-sign-" + name, "aria-hidden": "true" }),
          make("span", { text: page.say(name) }),
        ]);
      })
    ));
    return fold(page, "layers", list, window.innerWidth > 760);
  }

  // A part of the panel that opens and closes, and stays so when the language changes; one is open at a time.
  function fold(page, name, content, isOpen) {
    if (!page.folds) page.folds = {};
    if (name in page.folds) isOpen = page.folds[name];
    var part = make("details", { class: "gp-fold", open: isOpen }, [make("summary", { text: page.say(name), "data-key": "fold-" + name }), content]);
    part.addEventListener("toggle", function () {
      page.folds[name] = part.open;
      if (!part.open) return;
      page.frame.querySelectorAll(".gp-fold").forEach(function (other) { if (other !== part) other.open = false; });
    });
    return part;
  }

  function toggle(page, name, isShown) {
    if (isShown) page.scene.view.hidden.delete(name);
    else page.scene.view.hidden.add(name);
    placeCentres(page);
    page.fabric.redraw();
  }

  function balanceTable(page) {
    var rows = page.data.land_balance;
    if (!rows) return null;
    var name = geoplan.column(rows["name_" + page.language]), use = geoplan.column(rows.use);
    var head = ["mu", "today", "plan", "change"].map(function (key) { return make("th", { scope: "col", text: page.say(key) }); });
    var lines = rows.before_m2.map(function (before, i) {
      var change = rows.change_m2[i];
      return make("tr", {}, [
        make("th", { scope: "row" }, [make("span", { text: name(i) }), make("small", { text: " " + use(i) })]),
        make("td", { text: page.mu(before || 0) }),
        make("td", { text: rows.after_m2[i] === null ? "" : page.mu(rows.after_m2[i]) }),
        make("td", { class: "gp-change", text: change ? (change > 0 ? "+" : "\u2212") + page.mu(Math.abs(change)) : "" }),
      ]);
    });
    return fold(page, "land_balance", make("table", { class: "gp-balance" }, [make("thead", {}, [make("tr", {}, head)]), make("tbody", {}, lines)]), false);
  }

  function indicatorList(page) {
    if (!page.data.indicators.length) return null;
    var list = make("dl", { class: "gp-indicators" });
    page.data.indicators.forEach(function (item) {
      list.append(make("dt", { text: page.both(item.name) }));
      list.append(make("dd", {}, [
        make("span", { text: amount(page, item) }),
        item.note ? make("small", { text: page.both(item.note) }) : null,
      ]));
    });
    return fold(page, "indicators", list, false);
  }

  // One line for each aspect of each part of the park; why, below it.
  function areaTable(page) {
    var rows = page.data.area;
    if (!rows) return null;
    var area = geoplan.column(rows.area), verdict = geoplan.column(rows.verdict);
    var aspect = geoplan.column(rows["aspect_" + page.language]), reason = geoplan.column(rows["reason_" + page.language]);
    var list = make("div", { class: "gp-area" });
    var last = null;
    rows.value.forEach(function (value, i) {
      var place = area(i), said = verdict(i);
      if (place !== last) list.append(make("h4", { text: place === "park" ? page.say("whole_area") : place }));
      last = place;
      var figure = value === null ? page.say("unknown") : rows.is_share[i] ? page.number(100 * value, 1) + "%" : page.number(value, 2);
      list.append(make("details", { class: "gp-aspect gp-" + (said === "yes" || said === "no" ? said : "unknown") }, [
        make("summary", {}, [
          make("span", { text: aspect(i) + (rows.year[i] === null ? "" : " " + rows.year[i]) }),
          make("b", { text: figure }),
          said ? make("span", { class: "gp-answer", text: answerOf(page, rows.is_share[i], said) }) : null,
        ]),
        make("p", { text: reason(i) }),
      ]));
    });
    return fold(page, "area_profile", list, false);
  }

  function answerOf(page, isShare, said) {
    if (said === "unknown") return page.say("unknown");
    if (isShare) return said === "yes" ? page.say("share_yes") : page.say("share_no");
    return said === "yes" ? page.say("trades_yes") : page.say("trades_no");
  }

  function amount(page, item) {
    if (item.value === null) return page.say("unknown");
    if (item.is_land) return page.area(item.value);
    var digits = Math.abs(item.value) < 100 && item.value % 1 !== 0 ? 1 : 0;
    return page.number(item.value, digits) + " " + page.both(item.unit);
  }

  // ---- search

  function searchBox(page) {
    var found = make("ul", { class: "gp-found", hidden: true });
    var input = make("input", {
      type: "search", "data-key": "search", placeholder: page.say("search"), "aria-label": page.say("search"), autocomplete: "off",
    });
    input.addEventListener("input", function () { listHits(page, input.value, found); });
    input.addEventListener("keydown", function (event) {
      var first = found.querySelector("button");
      if (event.key === "Enter" && first) first.click();
      if (event.key === "ArrowDown" && first) { first.focus(); event.preventDefault(); }
    });
    found.addEventListener("keydown", function (event) {
      var by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (!by) return;
      var buttons = Array.from(found.querySelectorAll("button"));
      var next = buttons[buttons.indexOf(document.activeElement) + by];
      (next || input).focus();
      event.preventDefault();
    });
    return make("div", { class: "gp-search", role: "search" }, [input, found]);
  }

  function listHits(page, words, found) {
    var asked = words.trim().toLowerCase();
    found.textContent = "";
    found.hidden = !asked;
    if (!asked) return;
    var hits = hitsFor(page, asked);
    hits.forEach(function (hit) {
      var button = make("button", { type: "button", on: { click: function () { found.hidden = true; hit.go(); } } }, [
        make("span", { text: hit.name }), make("small", { text: hit.kind }),
      ]);
      found.append(make("li", {}, [button]));
    });
    if (!hits.length) found.append(make("li", { class: "gp-quiet", text: page.say("nothing_found") }));
  }

  function hitsFor(page, asked) {
    var hits = [];
    var holds = function (words) { return words !== null && words !== undefined && String(words).toLowerCase().indexOf(asked) >= 0; };
    for (var row = 0; row < page.count && hits.length < MANY_HITS; row++) {
      if (holds(page.of("parcel_id", row)) || holds(page.of("name", row)) || holds(page.of("address", row))) {
        hits.push(parcelHit(page, row, [page.of("parcel_id", row), page.of("name", row) || page.of("address", row)], "parcel"));
      }
    }
    for (var firm = 0; page.firms && firm < page.firms.count && hits.length < MANY_HITS; firm++) {
      if (page.firms.where[firm] && (holds(page.firms.name(firm)) || holds(page.firms.id(firm)))) {
        hits.push(parcelHit(page, page.firms.where[firm][0], [page.firms.name(firm) || page.firms.id(firm)], "firm"));
      }
    }
    return hits.concat(streetHits(page, holds)).slice(0, MANY_HITS);
  }

  function parcelHit(page, row, names, kind) {
    return { name: names.filter(Boolean).join(" \u00b7 "), kind: page.say(kind), go: function () { show(page, row); page.select(row); } };
  }

  function streetHits(page, holds) {
    var roads = page.scene.places.roads;
    var seen = new Set(), hits = [];
    if (!roads || !roads.line) return hits;
    for (var r = 0; r < roads.line.count; r++) {
      var name = roads.name(r);
      if (!holds(name) || seen.has(name)) continue;
      seen.add(name);
      hits.push({ name: name, kind: page.say("street"), go: goTo(page, roads, name) });
    }
    return hits;
  }

  function goTo(page, roads, name) {
    return function () {
      var bounds = L.latLngBounds([]);
      for (var r = 0; r < roads.line.count; r++) {
        if (roads.name(r) === name) roads.line.latLngs(r).forEach(function (line) { bounds.extend(line); });
      }
      if (bounds.isValid()) page.map.fitBounds(bounds, { animate: false, paddingTopLeft: [336, 30], paddingBottomRight: [40, 40] });
    };
  }

  // ---- a parcel's story

  function select(page, row, byKey) {
    page.selected = row;
    page.selectLine.setLatLngs(row < 0 ? [] : page.scene.parcels.latLngs(row));
    page.story.hidden = row < 0;
    page.story.textContent = "";
    document.documentElement.classList.toggle("gp-telling", row >= 0);
    if (row < 0) return;
    var close = make("button", {
      type: "button", class: "gp-close", "aria-label": page.say("close"), title: page.say("close"), text: "\u00d7",
      on: { click: function () { page.select(-1); page.map.getContainer().focus(); } },
    });
    page.story.append(close);
    geoplan.tellStory(page, row).forEach(function (part) { page.story.append(part); });
    page.story.scrollTop = 0;
    uncover(page, row);
    if (byKey) close.focus();
  }

  // Moves the map if the panel lies over the parcel it speaks of.
  function uncover(page, row) {
    var at = page.scene.labels, i = at.start[at.ring[row]];
    if (at.ring[row] === at.ring[row + 1]) return;
    var place = page.map.latLngToContainerPoint([at.lat[i], at.lon[i]]);
    var panel = page.story.getBoundingClientRect(), map = page.map.getContainer().getBoundingClientRect();
    var x = place.x + map.left, y = place.y + map.top;
    if (x < panel.left - 20 || y < panel.top - 20) return;
    if (panel.left > map.width / 3) page.map.panBy([x - panel.left + 90, 0], { animate: false });
    else page.map.panBy([0, y - panel.top + 70], { animate: false });
  }

  // ---- centres, north, zoom, foot

  function placeCentres(page) {
    if (page.centres) page.centres.remove();
    page.centres = L.layerGroup();
    var layer = page.scene.places.centres;
    if (!layer || !layer.point || !page.scene.shows("centres")) return;
    var source = layer.source;
    var given = geoplan.column(source["name_" + page.language]);
    var name = function (row) { return geoplan.nameIn(given(row), page.language); };
    for (var r = 0; r < layer.point.count; r++) {
      var at = layer.point.start[layer.point.ring[r]];
      var served = source.served[r] === null ? "" : page.say("served", {
        count: page.number(source.served[r]), mean: page.number(source.mean_walk_m[r]), worst: page.number(source.worst_walk_m[r]),
      });
      var icon = L.divIcon({ className: "gp-centre", html: centreSign(name(r) || ""), iconSize: [26, 26] });
      var marker = L.marker([layer.point.lat[at], layer.point.lon[at]], { icon: icon, keyboard: false });
      marker.bindTooltip(make("div", {}, [make("strong", { text: name(r) || "" }), make("div", { text: served })]), { direction: "top", offset: [0, -12] });
      page.centres.addLayer(marker);
    }
    page.centres.addTo(page.map);
  }

  function centreSign(name) {
    var draw = geoplan.drawn;
    return make("div", {}, [
      draw("svg", { viewBox: "-13 -13 26 26", width: 26, height: 26, "aria-hidden": "true" }, [
        draw("circle", { r: 11.5, class: "gp-centre-disc" }),
        draw("path", { d: "M0-7 2-2.2 7-2.2 3 1 4.5 6.2 0 3.1-4.5 6.2-3 1-7-2.2-2-2.2Z", class: "gp-centre-star" }),
      ]),
      make("span", { text: name }),
    ]);
  }

  function northArrow(page) {
    if (page.data.grid.crs === "local") return null;
    var draw = geoplan.drawn;
    return make("div", { class: "gp-north", role: "img", "aria-label": page.say("north") }, [
      draw("svg", { viewBox: "-16 -20 32 40", width: 30, height: 38, "aria-hidden": "true" }, [
        draw("path", { d: "M0-18 9 16 0 10Z", class: "gp-north-dark" }),
        draw("path", { d: "M0-18-9 16 0 10Z", class: "gp-north-light" }),
      ]),
      make("span", { text: page.say("north_mark") }),
    ]);
  }

  function zoomButtons(page) {
    var button = function (key, sign, act) {
      return make("button", { type: "button", "data-key": key, title: page.say(key), "aria-label": page.say(key), text: sign, on: { click: act } });
    };
    return make("div", { class: "gp-zoom" }, [
      button("zoom_in", "+", function () { page.map.zoomIn(); }),
      button("zoom_out", "\u2212", function () { page.map.zoomOut(); }),
      button("whole", "\u25a2", function () { page.whole(); }),
    ]);
  }

  function foot(page) {
    var sheet = page.data.sheet;
    var assumed = sheet.rules.filter(function (rule) { return rule.is_assumed; }).length;
    var line = [
      sheet.source ? make("span", { text: page.say("source") + ": " + sheet.source }) : null,
      sheet.rules.length ? make("span", { text: page.say("rules_line", { assumed: assumed, count: sheet.rules.length }) }) : null,
      sheet.left_out.length ? make("span", { class: "gp-warn", text: page.say("left_out_count", { count: sheet.left_out.length }) }) : null,
    ];
    return make("footer", { class: "gp-foot" }, [
      make("details", {}, [
        make("summary", {}, [make("b", { text: page.say("about") })].concat(line)),
        make("div", { class: "gp-about" }, [leftOut(page), ruleTable(page), provenance(page)]),
      ]),
    ]);
  }

  function leftOut(page) {
    var items = page.data.sheet.left_out;
    if (!items.length) return null;
    return make("section", {}, [make("h3", { text: page.say("left_out") }), make("ul", {}, items.map(function (item) {
      return make("li", {}, [make("strong", { text: page.both(item.stage) + " " }), make("span", { text: page.both(item.why) })]);
    }))]);
  }

  function ruleTable(page) {
    var rules = page.data.sheet.rules;
    if (!rules.length) return null;
    return make("section", {}, [make("h3", { text: page.say("rules") }), make("table", {}, [make("tbody", {}, rules.map(function (rule) {
      return make("tr", { class: rule.is_assumed ? "gp-assumed" : "" }, [
        make("th", { scope: "row", text: rule.name }), make("td", { text: rule.value }),
        make("td", { text: page.both(rule.standing) }), make("td", { text: rule.source }),
      ]);
    }))])]);
  }

  function provenance(page) {
    var rows = page.data.sheet.provenance;
    return make("section", {}, [
      rows.length ? make("h3", { text: page.say("provenance") }) : null,
      make("table", {}, [make("tbody", {}, rows.map(function (row) {
        return make("tr", {}, [make("th", { scope: "row", text: row[0] }), make("td", { text: row[1] })]);
      }))]),
      make("p", { class: "gp-quiet", text: page.say("made_with") }),
    ]);
  }
})(window.geoplan);
