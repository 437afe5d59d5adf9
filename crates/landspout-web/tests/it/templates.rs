//! Pages made of templates.

use crate::log::Caught;
use crate::{empty_directory, fetch, run};
use landspout_web::template::Templates;
use landspout_web::{Application, Error, Html, Request};
use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

fn context(value: &str) -> HashMap<&str, &str> {
    HashMap::from([("value", value)])
}

#[test]
fn values_are_escaped_by_the_kind_of_the_template() {
    const TEXT: &str = "{{ value }}";
    let templates = Templates::embedded(&[
        ("page.html", TEXT),
        ("page.j2", TEXT),
        ("page", TEXT),
        ("mail.txt", TEXT),
        ("data.json", TEXT),
        ("safe.html", "{{ value|safe }}"),
        ("attribute.html", "<a title='{{ value }}'>"),
    ])
    .unwrap();
    let check = |name: &str, expected: &str| {
        let Html(page) = templates.render(name, &context("<b>'&\"")).unwrap();
        assert_eq!(page, expected, "{name}");
    };
    let escaped = "&lt;b&gt;&#x27;&amp;&quot;";
    check("page.html", escaped);
    check("page.j2", escaped);
    check("page", escaped);
    check("mail.txt", "<b>'&\"");
    check("data.json", r#""<b>'&\"""#);
    check("safe.html", "<b>'&\"");
    check("attribute.html", &format!("<a title='{escaped}'>"));
}

#[test]
fn a_mistake_is_told_with_template_and_line_to_the_log_alone() {
    async fn page(request: Request) -> Result<Html<String>, Error> {
        request.shared::<Templates>()?.render("page.html", &context("x"))
    }
    let templates = Templates::embedded(&[("page.html", "one\ntwo\n{{ misspelt }}")]).unwrap();
    let application = Application::new().shared(Arc::new(templates)).route("/", page);
    run(async {
        let log = Caught::begin();
        assert_eq!(fetch(&application, "/").await, (500, "Internal Server Error\n".to_owned()));
        let lines = log.take();
        assert!(lines[0].1.contains("(in page.html:3)"), "{lines:?}");
    });
}

#[test]
fn a_template_that_is_not_well_formed_is_found_at_once() {
    let error = Templates::embedded(&[("a.html", "fine"), ("b.html", "\n{% if %}")]).unwrap_err();
    assert_eq!((error.template(), error.line()), (Some("b.html"), Some(2)));

    let root = empty_directory("malformed-templates");
    fs::create_dir(root.join("parts")).unwrap();
    fs::write(root.join("parts/c.html"), "{{").unwrap();
    let error = Templates::directory(&root).unwrap_err();
    assert_eq!((error.template(), error.line()), (Some("parts/c.html"), Some(1)));
    assert!(Templates::directory(root.join("missing")).is_err());
}

#[test]
fn a_template_that_is_not_there_is_500() {
    let templates = Templates::embedded(&[]).unwrap();
    assert_eq!(templates.render("none.html", &()).unwrap_err().status(), 500);
}

#[test]
fn templates_of_a_directory_extend_each_other_and_stay_as_they_were() {
    let root = empty_directory("templates");
    fs::create_dir(root.join("parts")).unwrap();
    fs::write(root.join("parts/base.html"), "<main>{% block main %}{% endblock %}</main>").unwrap();
    let page = "{% extends 'parts/base.html' %}{% block main %}{{ value }}{% endblock %}";
    fs::write(root.join("page.html"), page).unwrap();
    fs::write(root.join(".page.html.swp"), "{{").unwrap();
    let (kept, reloading) = (Templates::directory(&root).unwrap(), Templates::reloading(&root));
    let render = |templates: &Templates| templates.render("page.html", &context("x")).unwrap().0;
    assert_eq!(render(&kept), "<main>x</main>");
    assert_eq!(render(&reloading), "<main>x</main>");

    fs::write(
        root.join("parts/base.html"),
        "<main class='new'>{% block main %}{% endblock %}</main>",
    )
    .unwrap();
    assert_eq!(render(&kept), "<main>x</main>");
    assert_eq!(render(&reloading), "<main class='new'>x</main>");
    assert!(reloading.render("../templates/page.html", &context("x")).is_err());
}

#[test]
fn templates_that_include_each_other_without_end_are_500() {
    let texts = [("a.html", "{% include 'b.html' %}"), ("b.html", "{% include 'a.html' %}")];
    let templates = Templates::embedded(&texts).unwrap();
    assert_eq!(templates.render("a.html", &()).unwrap_err().status(), 500);
    let texts = [("a.html", "{% extends 'b.html' %}"), ("b.html", "{% extends 'a.html' %}")];
    let templates = Templates::embedded(&texts).unwrap();
    assert_eq!(templates.render("a.html", &()).unwrap_err().status(), 500);
    let texts = [("a.html", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")];
    let templates = Templates::embedded(&texts).unwrap();
    assert_eq!(templates.render("a.html", &()).unwrap_err().status(), 500);
}
